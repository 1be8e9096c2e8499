"""The rows of the whole shop, in memory, ready to be copied."""

from collections import defaultdict
from random import Random

from examples.ourshop.shop import rules
from examples.ourshop.shop.seed.catalog import Item
from examples.ourshop.shop.seed.people import Customer
from examples.ourshop.shop.seed.plan import OrderPlan, Parcel, RefundPlan, ReturnPlan

COLUMNS = {
    "users": "id name email phone locale created_at",
    "addresses": "id user_id name street postal_code city country is_default",
    "products": "id name category description kind price currency stock",
    "orders": "id user_id status placed_at currency shipping_method shipping_fee total ship_name ship_street"
    " ship_postal_code ship_city ship_country expected_delivery status_note cancelled_at",
    "shipments": "id order_id carrier tracking_number tracking_url status shipped_on expected_on delivered_on"
    " last_scan_on",
    "order_lines": "id order_id position product_id name quantity unit_price status shipment_id",
    "payments": "id order_id method description status amount currency created_at paid_at",
    "returns": "id order_id status reason refund_amount label_carrier label_tracking_number label_url label_cost"
    " created_at received_on note",
    "return_lines": "return_id line_id",
    "refunds": "id order_id payment_id return_id amount currency status reason line_ids requested_at approved_on"
    " paid_out_on rejected_on expected_by note",
    "password_resets": "id user_id token_hash created_at expires_at used_at",
    "tickets": "id user_id subject body reference status created_at",
    "ticket_notes": "ticket_id body created_at",
}
"""Tables in the order in which their references allow them to be filled."""

_TRACKING = {
    "DHL": ("JVGL", "https://tracking.dhl.example/"),
    "PostNL": ("3SOURS", "https://tracking.postnl.example/"),
    "DPD": ("0597", "https://tracking.dpd.example/"),
    "UPS": ("1Z88", "https://tracking.ups.example/"),
    "GLS": ("ZGLS", "https://tracking.gls.example/"),
}
_PAID_WITH = {
    "card": ("Visa ending in {}", "Mastercard ending in {}"),
    "paypal": ("PayPal account",),
    "ideal": ("iDEAL bank transfer",),
    "gift_card": ("Gift card ending in {}",),
    "klarna": ("Klarna, pay later",),
}
# What a line says while its parcel says something else.
_LINE_STATUS = {"in_transit": "shipped"}


class World:
    """Collects rows table by table and numbers them."""

    def __init__(self, rng: Random) -> None:
        self.rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in COLUMNS}
        self._rng = rng
        self._next: defaultdict[str, int] = defaultdict(lambda: 1000)

    def add_customer(self, customer: Customer) -> None:
        """A user and their addresses."""
        self._add(
            "users",
            customer.id,
            customer.name,
            customer.email,
            customer.phone,
            customer.locale,
            customer.created_at,
        )
        for number, home in enumerate(customer.homes, start=1):
            self._add(
                "addresses",
                f"{customer.id}-a{number}",
                customer.id,
                home.name,
                home.street,
                home.postal_code,
                home.city,
                home.country,
                number == 1,
            )

    def add_item(self, item: Item) -> None:
        """A product."""
        self._add(
            "products",
            item.id,
            item.name,
            item.category,
            item.description,
            item.kind,
            item.price,
            rules.CURRENCY,
            item.stock,
        )

    def add_order(self, plan: OrderPlan) -> None:
        """An order with its lines, parcels, payments, returns and refunds."""
        self._add_head(plan)
        shipment_ids = [self._add_parcel(plan, parcel) for parcel in plan.parcels]
        self._add_lines(plan, shipment_ids)
        payment_id = self._add_payments(plan)
        return_ids = [self._add_return(plan, back) for back in plan.returns]
        for refund in plan.refunds:
            return_id = None if refund.of_return is None else return_ids[refund.of_return]
            self._add_refund(plan, refund, payment_id, return_id)

    def add_ticket(
        self, customer: Customer, subject: str, body: str, status: str, at: object, note: str | None
    ) -> None:
        """A ticket, perhaps with a note of the staff."""
        ticket_id = self._number("TK")
        self._add("tickets", ticket_id, customer.id, subject, body, None, status, at)
        if note is not None:
            self._add("ticket_notes", ticket_id, note, at)

    def add_password_reset(
        self, customer: Customer, at: object, expires_at: object, used_at: object | None
    ) -> None:
        """A reset that happened; its token is unknown to everyone."""
        self._add(
            "password_resets",
            self._number("PR"),
            customer.id,
            self._rng.randbytes(32),
            at,
            expires_at,
            used_at,
        )

    def _add_head(self, plan: OrderPlan) -> None:
        home = plan.customer.homes[0]
        self._add(
            "orders",
            plan.id,
            plan.customer.id,
            plan.status,
            plan.placed_at,
            rules.CURRENCY,
            "express" if plan.express else "standard",
            plan.fee,
            plan.total,
            home.name,
            home.street,
            home.postal_code,
            home.city,
            home.country,
            plan.expected_on,
            plan.note,
            plan.cancelled_at,
        )

    def _add_parcel(self, plan: OrderPlan, parcel: Parcel) -> str:
        shipment_id = self._number("SH")
        prefix, page = _TRACKING[parcel.carrier]
        # The running number keeps tracking numbers distinct; the drawn digits make them look like ones.
        tracking = f"{prefix}{self._rng.randrange(10**5):05}{shipment_id[2:]:0>6}"
        self._add(
            "shipments",
            shipment_id,
            plan.id,
            parcel.carrier,
            tracking,
            page + tracking,
            parcel.status,
            parcel.shipped_on,
            parcel.expected_on,
            parcel.delivered_on,
            parcel.last_scan_on,
        )
        return shipment_id

    def _add_lines(self, plan: OrderPlan, shipment_ids: list[str]) -> None:
        sent_home = {place for back in plan.returns if back.status == "refunded" for place in back.positions}
        parcels = {
            place: (parcel, shipment_id)
            for parcel, shipment_id in zip(plan.parcels, shipment_ids, strict=True)
            for place in parcel.positions
        }
        waiting = "processing" if plan.status == "partly_shipped" else plan.status
        for place, (item, quantity) in enumerate(plan.items, start=1):
            parcel, shipment_id = parcels.get(place, (None, None))
            status = waiting if parcel is None else _LINE_STATUS.get(parcel.status, parcel.status)
            self._add(
                "order_lines",
                f"{plan.id}-{place}",
                plan.id,
                place,
                item.id,
                item.name,
                quantity,
                item.price,
                "returned" if place in sent_home else status,
                shipment_id,
            )

    def _add_payments(self, plan: OrderPlan) -> str:
        if plan.failed_first:
            self._add_payment(plan, "card", "failed")
        if plan.paid:
            return self._add_payment(plan, plan.method, "paid")
        return self._add_payment(plan, plan.method, "cancelled" if plan.status == "cancelled" else "pending")

    def _add_payment(self, plan: OrderPlan, method: str, status: str) -> str:
        payment_id = self._number("PM")
        description = self._rng.choice(_PAID_WITH[method]).format(self._rng.randrange(1000, 10000))
        paid_at = plan.placed_at if status == "paid" else None
        self._add(
            "payments",
            payment_id,
            plan.id,
            method,
            description,
            status,
            plan.total,
            rules.CURRENCY,
            plan.placed_at,
            paid_at,
        )
        return payment_id

    def _add_return(self, plan: OrderPlan, back: ReturnPlan) -> str:
        return_id = self._number("RT")
        self._add(
            "returns",
            return_id,
            plan.id,
            back.status,
            back.reason,
            plan.return_refund(back),
            "PostNL",
            f"3SRET{return_id[2:]}",
            f"https://returns.ourshop.example/labels/{return_id}.pdf",
            rules.label_cost(back.reason),
            back.created_at,
            back.received_on,
            back.note,
        )
        for place in back.positions:
            self._add("return_lines", return_id, f"{plan.id}-{place}")
        return return_id

    def _add_refund(
        self, plan: OrderPlan, refund: RefundPlan, payment_id: str, return_id: str | None
    ) -> None:
        approved = refund.decided_on if refund.status in {"approved", "paid_out"} else None
        due = None if approved is None else rules.refund_due(approved)
        self._add(
            "refunds",
            self._number("RF"),
            plan.id,
            payment_id,
            return_id,
            refund.amount,
            rules.CURRENCY,
            refund.status,
            refund.reason,
            [f"{plan.id}-{place}" for place in refund.positions],
            refund.requested_at,
            approved,
            None
            if approved is None or refund.status == "approved"
            else rules.business_days_after(approved, 2),
            refund.decided_on if refund.status == "rejected" else None,
            due,
            refund.note,
        )

    def _number(self, prefix: str) -> str:
        self._next[prefix] += 1
        return f"{prefix}{self._next[prefix]}"

    def _add(self, table: str, *values: object) -> None:
        self.rows[table].append(values)
