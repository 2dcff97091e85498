"""Invitations name the binding that they were sent through, and sessions whether a page let them in

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('binding_id', sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(op.f('fk_invitations_binding_id'), 'bindings', ['binding_id'], ['id'])

    with op.batch_alter_table('client_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_page', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('client_sessions', schema=None) as batch_op:
        batch_op.drop_column('by_page')

    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('fk_invitations_binding_id'), type_='foreignkey')
        batch_op.drop_column('binding_id')
