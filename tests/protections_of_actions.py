"""The protections of actions that ``make prove`` switches off; tests/switched_off.py says how."""

from __future__ import annotations

from tests.protection import Protection

DECIDE = "src/frontdesk/policies/decide.py"
STORE = "src/frontdesk/store/actions.py"
STATEMENTS = "src/frontdesk/store/action_statements.py"
ACTIONS = "src/frontdesk/actions/__init__.py"
EXECUTE = "src/frontdesk/actions/execute.py"
TABLES = "src/frontdesk/database/migrations/0009_actions.sql"
WEB = "src/frontdesk/web/actions.py"
GROUNDING = "src/frontdesk/policies/grounding.py"

ROOM = "tests/policies/test_decide.py"
CONFIRM = "tests/actions/test_confirm.py"
LIMITS = "tests/actions/test_limits.py"
CLAIMS = "tests/actions/test_claims.py"
TOKEN = (
    'hmac.compare_digest(token.encode(), confirm_token(secret, action).encode()):\n        return "mismatch"'
)
BOUND = "(purpose, action.principal, str(action.id), action.digest.hex(), action.basis.hex())"

BUTTON = (
    Protection(
        "the check of the confirm token's signature",
        DECIDE,
        ((f"if not {TOKEN}", 'if False:\n        return ""'),),
        (ROOM, "-k", "token_is_bound"),
    ),
    *(
        Protection(
            f"the binding of the confirm token to {what}",
            DECIDE,
            ((BOUND, BOUND.replace(part, "''")),),
            (ROOM, "-k", test),
        )
        for what, part, test in (
            ("its customer", "action.principal", "token_is_bound and customer"),
            ("its action", "str(action.id)", "token_is_bound and action"),
            ("its arguments", "action.digest.hex()", "token_is_bound and arguments"),
            ("what was shown", "action.basis.hex()", "token_is_bound and shown"),
            ("confirming, not undoing", "purpose", "none_to_undo"),
        )
    ),
    Protection(
        "the permission at the moment of the press",
        DECIDE,
        (("grant.permission not in held or not grant.confirm", "not grant.confirm"),),
        (CONFIRM, "-k", "token_is_good"),
    ),
    Protection(
        "row-level security of actions",
        TABLES,
        (
            (
                "ON actions   TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true))",
                "ON actions   TO frontdesk_app USING (true)",
            ),
        ),
        (CONFIRM, "-k", "token_is_good"),
    ),
    Protection(
        "a proposal's expiry, where it is decided",
        DECIDE,
        (
            (
                'action.status == "expired" or (action.status == "proposed" and action.expires_at <= now)',
                "False",
            ),
        ),
        (ROOM, "-k", "runs_out"),
    ),
    Protection(
        "a proposal's expiry, where it is claimed",
        STATEMENTS,
        (("WHERE id = %s AND status = %s AND expires_at > now()", "WHERE id = %s AND status = %s"),),
        (CLAIMS, "-k", "run_out"),
    ),
    Protection(
        "the button beside a typed yes",
        "src/frontdesk/policies/gate.py",
        (("        if propose:", '        if propose and not context.message.lower().startswith("yes"):'),),
        (CONFIRM, "-k", "typed_yes"),
    ),
    Protection(
        "the newer message that keeps a running turn from proposing",
        TABLES,
        (("SELECT c.turns_accepted > done_seq INTO superseded", "SELECT false INTO superseded"),),
        (CONFIRM, "-k", "newer_message"),
    ),
    Protection(
        "the newer message that keeps a running turn from a small write",
        STATEMENTS,
        ((" AND c.turns_accepted = t.seq\n", "\n"),),
        (CLAIMS, "-k", "overtaken"),
    ),
    Protection(
        "that what was proposed never changes",
        TABLES,
        (
            (
                "GRANT UPDATE (status, reason, result,",
                "GRANT UPDATE (arguments, digest, status, reason, result,",
            ),
        ),
        (CLAIMS, "-k", "never_changes"),
    ),
)

CLAIM = (
    Protection(
        "the one UPDATE that claims, by its status",
        STATEMENTS,
        (("WHERE id = %s AND status = %s AND expires_at", "WHERE id = %s AND %s <> '' AND expires_at"),),
        (CLAIMS, "-k", "claimed_once"),
    ),
    Protection(
        "the comparison of arguments in the claim",
        STATEMENTS,
        (
            (
                "AND status = %s AND expires_at > now() AND digest = %s",
                "AND status = %s AND expires_at > now() AND %s <> ''::bytea",
            ),
        ),
        (CLAIMS, "-k", "other_arguments"),
    ),
    Protection(
        "the one UPDATE that passes an action on to staff",
        STATEMENTS,
        (
            (
                "WHERE id = %(id)s AND status = %(was)s AND expires_at > now() AND digest",
                "WHERE id = %(id)s AND digest",
            ),
        ),
        (CLAIMS, "-k", "passed_on_once"),
    ),
    Protection(
        "limits at execution",
        DECIDE,
        (('    if decision.verdict == "refuse":\n        return decision\n    needs', "    needs"),),
        (LIMITS, "-k", "cannot_pass_a_limit_together"),
    ),
    Protection(
        "the thresholds of staff at execution",
        DECIDE,
        (("max(action.needs, approvals_needed(grant, amount, used))", "action.needs"),),
        (LIMITS, "-k", "cannot_pass_a_threshold"),
    ),
    Protection(
        "the lock under which limits are counted",
        STORE,
        (("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", "SELECT %s::text"),),
        (CLAIMS, "-k", "two_claims_of_one_limit"),
    ),
    Protection(
        "limits of money in another currency",
        DECIDE,
        (("return None if amount.currency in currencies else OTHER_CURRENCY", "return None"),),
        (LIMITS, "-k", "another_currency"),
    ),
    Protection(
        "the second look: what the customer was shown must still be so",
        ACTIONS,
        (("if decide.basis(seen.preview) != action.basis:", "if False:"),),
        (CONFIRM, "-k", "data_that_have_changed"),
    ),
    Protection(
        "whose it is, at execution",
        ACTIONS,
        (
            (
                "            raise await self._stale(action, was, error.detail) from None",
                "            return Look(action.arguments, None, action.preview)",
            ),
        ),
        (CLAIMS, "-k", "become_somebody_else"),
    ),
    Protection(
        "whose it is, at the call",
        "src/frontdesk/actions/propose.py",
        (("    if tool.grant.subject is not None:", "    if False:"),),
        (LIMITS, "-k", "without_a_button"),
    ),
)

STAFF = (
    Protection(
        "the key that opens approvals",
        WEB,
        (('tags=["approvals"], dependencies=[Depends(_backend)])', 'tags=["approvals"])'),),
        ("tests/web/test_actions.py", "-k", "only_a_key"),
    ),
    Protection(
        "that somebody approves",
        DECIDE,
        (('"not_yours" if not who or asked', '"not_yours" if asked'),),
        (LIMITS, "-k", "who_asked"),
        # The table refuses an empty name too: both are switched off.
        also=((TABLES, "CHECK (staff <> '' AND length(staff) <= 128)", ""),),
    ),
    Protection(
        "that who asked never approves",
        DECIDE,
        (("if not who or asked(action, staff) or who", "if not who or who"),),
        (LIMITS, "-k", "who_asked"),
    ),
    Protection(
        "that nobody approves twice",
        DECIDE,
        ((" or who in map(person, action.approved_by)", ""),),
        (LIMITS, "-k", "who_asked"),
    ),
    Protection(
        "the second of two approvers",
        DECIDE,
        (("return len({person(staff) for staff", "return 2 * len({person(staff) for staff"),),
        (LIMITS, "-k", "above_the_first_limit"),
    ),
    Protection(
        "approvals above an amount",
        DECIDE,
        (("    pairs = list(zip(grant.capped, used, strict=True))", "    return 0\n    pairs = []"),),
        (LIMITS, "-k", "above_the_first_limit"),
    ),
    Protection(
        "the reason of a refusal",
        ACTIONS,
        (("if not why:", "if False:"),),
        (LIMITS, "-k", "s_no_needs_a_reason"),
    ),
)

EFFECT = (
    Protection(
        "the action's id as the name of its effect",
        "src/frontdesk/actions/propose.py",
        (
            (
                "action.conversation_id, effect_id=str(action.id))",
                'action.conversation_id, effect_id=__import__("uuid").uuid4().hex)',
            ),
        ),
        (CONFIRM, "-k", "happens_once"),
    ),
    Protection(
        "the Idempotency-Key that goes out to the example shop",
        "examples/ourshop/client.py",
        (('headers={"Idempotency-Key": key}', 'headers={"Idempotency-Key": os.urandom(8).hex()}'),),
        ("tests/shop/test_desk_actions.py", "-k", "makes_no_second_refund"),
    ),
    Protection(
        "that an unknown outcome nobody can be asked about is not repeated",
        EXECUTE,
        (
            (
                "if asks is None:\n            return UNKNOWN",
                "if asks is None:\n            return await self._do(tool, action)",
            ),
        ),
        (CLAIMS, "-k", "process_has_left"),
    ),
    Protection(
        "the question before a repetition, where the backend knows no keys",
        EXECUTE,
        (('if asks == "repeat":', "if True:"),),
        (CLAIMS, "-k", "knows_no_keys"),
    ),
    Protection(
        "that a lost answer is not taken for a no",
        EXECUTE,
        (
            (
                "error=type(error).__name__)\n            return UNKNOWN",
                'error=type(error).__name__)\n            return Outcome("failed")',
            ),
        ),
        (LIMITS, "-k", "an_answer_that_was_lost"),
    ),
    Protection(
        "the undo window, where it is decided",
        DECIDE,
        (('return "" if action.undo_until and now < action.undo_until else "expired"', 'return ""'),),
        (ROOM, "-k", "runs_out"),
    ),
    Protection(
        "the undo window, where it is claimed",
        STATEMENTS,
        (("status = 'executed' AND undo_until > now()", "status = 'executed'"),),
        (CLAIMS, "-k", "taken_back_late"),
    ),
)

REPLY = (
    Protection(
        "the check of statuses in a reply",
        GROUNDING,
        (("    missing += unsupported_statuses(details.reply, evidence, told)\n", ""),),
        ("tests/policies/test_statuses.py", "-k", "not_said_to_be_done"),
    ),
    Protection(
        "that neither a proposal nor an article is evidence of an effect",
        "src/frontdesk/policies/statuses.py",
        (("any(key in found for key in PROPOSALS)", "False"),),
        ("tests/policies/test_statuses.py", "-k", "no_evidence"),
    ),
    Protection(
        "the check of amounts in a reply",
        GROUNDING,
        (("    missing += _unknown_numbers(details.amounts, source)\n", ""),),
        ("tests/policies/test_grounding.py", "-k", "nothing_supports or prove_no_amount"),
    ),
    Protection(
        "that a customer's words prove no amount",
        GROUNDING,
        (("_unknown_numbers(details.amounts, source)", '_unknown_numbers(amounts, f"{source}\\n{told}")'),),
        ("tests/policies/test_grounding.py", "-k", "prove_no_amount"),
    ),
)

OF_ACTIONS = (*BUTTON, *CLAIM, *STAFF, *EFFECT, *REPLY)
