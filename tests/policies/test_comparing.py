"""What an applicant says of a company beside what the register says (P36)."""

import pytest

from idp.policies.comparing import Compared, Line, compare, same_address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("804004高雄市鼓山區蓬萊路10號", "高雄市鼓山區蓬萊路１０號", True),
        ("臺中市西屯區測試大道三段391號15樓", "407 台中市西屯區測試大道三段 391 號 15F。", True),
        ("臺北市中正區一路5-1號", "台北市中正區一路5之1號", True),
        ("804004高雄市鼓山區蓬萊路10號", "高雄市鼓山區蓬萊路１０號２樓", False),
        ("10480", "10481", False),
    ],
)
def test_addresses_differ_in_more_than_how_they_are_written(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same


def test_each_line_says_whether_the_register_says_otherwise() -> None:
    told = {Line.NUMBER: "00000016", Line.NAME: "臺灣測試有限公司", Line.RESPONSIBLE: "陳小美"}
    registered = {Line.NUMBER: "00000016", Line.NAME: "台灣測試有限公司", Line.ADDRESS: "高雄市"}
    assert compare(told, registered) == [
        Compared(Line.NUMBER, "00000016", "00000016", differs=False),
        Compared(Line.NAME, "臺灣測試有限公司", "台灣測試有限公司", differs=False),
        Compared(Line.ADDRESS, None, "高雄市", differs=False),
        Compared(Line.RESPONSIBLE, "陳小美", None, differs=False),
    ]
    assert [one.line for one in compare(told, registered | {Line.NAME: "別家有限公司"}) if one.differs] == [Line.NAME]
    assert [one.differs for one in compare({Line.NUMBER: "1"}, {Line.NUMBER: "2"})] == [True, False, False, False]
