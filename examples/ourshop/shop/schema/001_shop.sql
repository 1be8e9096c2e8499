-- The shop's tables. Forward only: a change is a new file, never an edit of this one.

CREATE TABLE facts (
    name  text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE users (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    email      text NOT NULL,
    phone      text NOT NULL,
    locale     text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE addresses (
    id          text PRIMARY KEY,
    user_id     text NOT NULL REFERENCES users,
    name        text NOT NULL,
    street      text NOT NULL,
    postal_code text NOT NULL,
    city        text NOT NULL,
    country     text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    is_default  boolean NOT NULL
);
CREATE INDEX addresses_user ON addresses (user_id);

CREATE TABLE products (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    category    text NOT NULL,
    description text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('standard', 'gift_card', 'personalised', 'final_sale')),
    price       numeric(10, 2) NOT NULL CHECK (price > 0),
    currency    text NOT NULL,
    stock       integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
    id                text PRIMARY KEY CHECK (id ~ '^[0-9]+$'),
    user_id           text NOT NULL REFERENCES users,
    status            text NOT NULL CHECK (status IN (
        'placed', 'processing', 'partly_shipped', 'shipped', 'out_for_delivery', 'delivered', 'delayed', 'lost',
        'cancelled', 'returned', 'partly_refunded')),
    placed_at         timestamptz NOT NULL,
    currency          text NOT NULL,
    shipping_method   text NOT NULL CHECK (shipping_method IN ('standard', 'express')),
    shipping_fee      numeric(10, 2) NOT NULL CHECK (shipping_fee >= 0),
    total             numeric(10, 2) NOT NULL CHECK (total > 0),
    ship_name         text NOT NULL,
    ship_street       text NOT NULL,
    ship_postal_code  text NOT NULL,
    ship_city         text NOT NULL,
    ship_country      text NOT NULL,
    expected_delivery date,
    status_note       text,
    cancelled_at      timestamptz
);
CREATE INDEX orders_user ON orders (user_id, placed_at DESC);

CREATE TABLE shipments (
    id              text PRIMARY KEY,
    order_id        text NOT NULL REFERENCES orders,
    carrier         text NOT NULL CHECK (carrier IN ('DHL', 'PostNL', 'DPD', 'UPS', 'GLS')),
    tracking_number text NOT NULL UNIQUE,
    tracking_url    text NOT NULL,
    status          text NOT NULL CHECK (status IN ('in_transit', 'out_for_delivery', 'delivered', 'delayed', 'lost')),
    shipped_on      date NOT NULL,
    expected_on     date NOT NULL,
    delivered_on    date,
    last_scan_on    date NOT NULL,
    CHECK ((status = 'delivered') = (delivered_on IS NOT NULL))
);
CREATE INDEX shipments_order ON shipments (order_id);

CREATE TABLE order_lines (
    id          text PRIMARY KEY,
    order_id    text NOT NULL REFERENCES orders,
    position    integer NOT NULL,
    product_id  text NOT NULL REFERENCES products,
    name        text NOT NULL,
    quantity    integer NOT NULL CHECK (quantity > 0),
    unit_price  numeric(10, 2) NOT NULL,
    status      text NOT NULL CHECK (status IN (
        'placed', 'processing', 'shipped', 'out_for_delivery', 'delivered', 'delayed', 'lost', 'cancelled', 'returned')),
    shipment_id text REFERENCES shipments,
    UNIQUE (order_id, position)
);

CREATE TABLE payments (
    id          text PRIMARY KEY,
    order_id    text NOT NULL REFERENCES orders,
    method      text NOT NULL CHECK (method IN ('card', 'paypal', 'ideal', 'gift_card', 'klarna')),
    description text NOT NULL,
    status      text NOT NULL CHECK (status IN ('pending', 'paid', 'failed', 'cancelled')),
    amount      numeric(10, 2) NOT NULL CHECK (amount > 0),
    currency    text NOT NULL,
    created_at  timestamptz NOT NULL,
    paid_at     timestamptz,
    CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);
CREATE INDEX payments_order ON payments (order_id);
-- One order is paid once; failed attempts stay beside it.
CREATE UNIQUE INDEX payments_paid_once ON payments (order_id) WHERE status = 'paid';

CREATE TABLE returns (
    id                    text PRIMARY KEY,
    order_id              text NOT NULL REFERENCES orders,
    status                text NOT NULL CHECK (status IN (
        'label_sent', 'in_transit', 'received', 'refunded', 'rejected')),
    reason                text NOT NULL,
    refund_amount         numeric(10, 2) NOT NULL CHECK (refund_amount >= 0),
    label_carrier         text NOT NULL,
    label_tracking_number text NOT NULL UNIQUE,
    label_url             text NOT NULL,
    label_cost            numeric(10, 2) NOT NULL CHECK (label_cost >= 0),
    created_at            timestamptz NOT NULL,
    received_on           date,
    note                  text
);
CREATE INDEX returns_order ON returns (order_id);

CREATE TABLE return_lines (
    return_id text NOT NULL REFERENCES returns,
    line_id   text NOT NULL REFERENCES order_lines,
    PRIMARY KEY (return_id, line_id)
);
CREATE INDEX return_lines_line ON return_lines (line_id);

CREATE TABLE refunds (
    id           text PRIMARY KEY,
    order_id     text NOT NULL REFERENCES orders,
    payment_id   text NOT NULL REFERENCES payments,
    return_id    text REFERENCES returns,
    amount       numeric(10, 2) NOT NULL CHECK (amount > 0),
    currency     text NOT NULL,
    status       text NOT NULL CHECK (status IN ('requested', 'approved', 'paid_out', 'rejected')),
    reason       text NOT NULL,
    line_ids     text[] NOT NULL,
    requested_at timestamptz NOT NULL,
    approved_on  date,
    paid_out_on  date,
    rejected_on  date,
    expected_by  date,
    note         text
);
CREATE INDEX refunds_order ON refunds (order_id);
CREATE INDEX refunds_payment ON refunds (payment_id);

CREATE TABLE password_resets (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX password_resets_user ON password_resets (user_id);

-- What the mailer has to send; the demo has no mailer, the rows are the proof.
CREATE TABLE emails (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users,
    kind       text NOT NULL CHECK (kind IN ('invoice', 'password_reset')),
    recipient  text NOT NULL,
    subject_id text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE tickets (
    id         text PRIMARY KEY,
    user_id    text REFERENCES users,
    subject    text NOT NULL,
    body       text NOT NULL,
    reference  text,
    status     text NOT NULL CHECK (status IN ('open', 'pending', 'solved')),
    created_at timestamptz NOT NULL
);
CREATE INDEX tickets_user ON tickets (user_id);

CREATE TABLE ticket_notes (
    ticket_id  text NOT NULL REFERENCES tickets,
    position   bigint GENERATED ALWAYS AS IDENTITY,
    body       text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, position)
);

-- A row per request that must happen once; written in the transaction that does the work.
CREATE TABLE idempotency_keys (
    operation   text NOT NULL,
    key         text NOT NULL,
    fingerprint text NOT NULL,
    answer      jsonb,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (operation, key)
);

CREATE SEQUENCE refund_ids START 1000001;
CREATE SEQUENCE return_ids START 1000001;
CREATE SEQUENCE ticket_ids START 1000001;
CREATE SEQUENCE reset_ids START 1000001;
CREATE SEQUENCE email_ids START 1000001;
