"""What tests of the console begin with: the register, services with policies, companies that no other test has."""

from tests.registration.conftest import new_company as new_company
from tests.registration.conftest import town as town
from tests.registration.conftest import unit as unit
