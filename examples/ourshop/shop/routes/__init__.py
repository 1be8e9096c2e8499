"""The HTTP routes, one module per resource."""

from examples.ourshop.shop.routes import health, orders, payments, products, refunds, returns, tickets, users

__all__ = ["ROUTERS"]

ROUTERS = (
    health.router,
    users.router,
    orders.router,
    payments.router,
    refunds.router,
    returns.router,
    products.router,
    tickets.router,
)
