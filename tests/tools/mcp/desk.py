"""A desk for `frontdesk mcp tests.tools.mcp.desk:desk`, answered by the local model."""

from frontdesk import Customer, Frontdesk, ToolNotFound, tool

ORDERS = {"1001": ("anna", "on its way"), "2002": ("ben", "canary")}


@tool(permission="orders:read", examples=["where is my order 1001?"], says="Order {id} is {status}.")
async def get_order_status(order_id: str, customer: Customer) -> dict[str, str]:
    """Status of one of the customer's orders."""
    owner, status = ORDERS.get(order_id, ("", ""))
    if owner != customer.id:
        raise ToolNotFound
    return {"id": order_id, "status": status}


desk = Frontdesk("Testshop", tools=[get_order_status])
