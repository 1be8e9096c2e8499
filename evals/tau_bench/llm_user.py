"""The simulated customer as a chat model plays it.

The rules are those of tau-bench's user simulation (sierra-research/tau-bench, tau_bench/envs/user.py, MIT), in our
words, with a button in the place of a typed yes.
"""

from __future__ import annotations

from dataclasses import replace

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from evals.tau_bench.agents import PatientChain
from evals.tau_bench.tasks import Instruction
from evals.tau_bench.users import Heard, Move, Spent

STOP, CONFIRM, DECLINE = "###STOP###", "###CONFIRM###", "###DECLINE###"
RULES = f"""You play a customer who chats with a shop's support agent.

What you want, and who you are:
{{instruction}}

Rules:
- Write one line: the customer's next message, nothing else.
- Do not tell everything at once; say what the conversation needs now.
- Say only what the text above says. Asked for something that is not in it, an order number for example, say that you do not remember or do not have it.
- Put it in your own words; do not repeat the text above.
- Be natural, and keep to the character that is described.
- A change is shown on a card with a button. To agree to it, write {CONFIRM}; to refuse it, write {DECLINE}. You may add a message behind it. Typing yes does not press the button.
- When all you want is done, or you are handed over to a person, write {STOP} alone."""


class ModelUser:
    """A customer played by ``chain``, one per conversation."""

    def __init__(self, instruction: Instruction, chain: PatientChain) -> None:
        self.spent = Spent(failures=chain.failures)
        self._chain = chain
        self._messages: list[BaseMessage] = [SystemMessage(RULES.format(instruction=instruction.text))]

    async def next(self, heard: Heard) -> Move:
        """Ask the model. Raises ModelError where its endpoint does not answer."""
        self._messages.append(HumanMessage(_seen(heard)))
        completion = await self._chain.complete(self._messages)
        said = str(completion.message.text).strip()
        self._messages.append(AIMessage(said))
        spent = self.spent
        spent.model_calls += 1
        spent.input_tokens += completion.input_tokens
        spent.output_tokens += completion.output_tokens
        if completion.cost_usd is not None:
            spent.cost_usd = (spent.cost_usd or 0.0) + completion.cost_usd
        return _move(said)


def _seen(heard: Heard) -> str:
    """The customer's screen as text."""
    parts = [*(f"[{receipt}]" for receipt in heard.receipts), heard.reply]
    parts += [f"[Card: {card} Buttons: Confirm, Decline]" for card in heard.cards]
    if heard.ended:
        parts.append("[You were handed over to a person.]")
    return "\n".join(part for part in parts if part)


def _move(said: str) -> Move:
    move = Move(press=CONFIRM in said, decline=DECLINE in said, over=STOP in said)
    for word in (CONFIRM, DECLINE, STOP):
        said = said.replace(word, "")
    # Whoever writes nothing at all has left.
    text = said.strip()
    return replace(move, text=text, over=move.over or not (text or move.press or move.decline))
