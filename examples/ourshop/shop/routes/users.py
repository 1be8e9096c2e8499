"""Accounts: /users."""

from fastapi import APIRouter

from examples.ourshop.shop import users
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.idempotency import OptionalKey, once
from examples.ourshop.shop.models import PasswordReset, User
from examples.ourshop.shop.routes import words
from examples.ourshop.shop.wishes import EmailChange

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/{user_id}", openapi_extra=words.ACCOUNT)
async def get_user(shop: CurrentShop, user_id: str) -> User:
    """A customer's account and addresses."""
    async with shop.connection() as conn:
        return await users.get(conn, user_id)


@router.patch("/{user_id}", openapi_extra=words.EMAIL)
async def change_email(shop: CurrentShop, user_id: str, change: EmailChange) -> User:
    """Change the e-mail address."""
    async with shop.connection() as conn:
        return await users.change_email(conn, user_id, change)


@router.post("/{user_id}/password-reset", status_code=202, openapi_extra=words.PASSWORD)
async def reset_password(shop: CurrentShop, user_id: str, key: OptionalKey = None) -> PasswordReset:
    """E-mail a reset link that is valid for 60 minutes."""
    return await once(
        shop,
        "password_reset",
        key,
        (user_id, None),
        PasswordReset,
        lambda conn: users.reset_password(shop, conn, user_id),
    )
