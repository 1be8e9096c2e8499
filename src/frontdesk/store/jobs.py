"""Jobs whose worker has gone, given to another. The tables are procrastinate's (migration 0006)."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.database import Database

# One statement, so that of two processes that look at the same time one finds the job. A job is not put back
# while another of its kind waits: that one does the same work, and procrastinate allows no second.
_RESCUE = """
WITH stalled AS (
  SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
  WHERE j.status = 'doing' AND j.queue_name = ANY(%(queues)s)
    AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(silence)s))
  FOR UPDATE OF j SKIP LOCKED
)
UPDATE procrastinate_jobs j
SET status = CASE
      WHEN j.attempts >= %(retries)s OR EXISTS (
        SELECT FROM procrastinate_jobs o WHERE o.queueing_lock = j.queueing_lock AND o.status = 'todo'
      ) THEN 'failed'::procrastinate_job_status ELSE 'todo'::procrastinate_job_status END,
    attempts = j.attempts + 1, scheduled_at = now(), worker_id = NULL, abort_requested = false
FROM stalled WHERE j.id = stalled.id
RETURNING j.task_name, j.status::text
"""


async def rescue(
    database: Database, queues: Sequence[str], *, silence: float, retries: int
) -> list[tuple[str, str]]:
    """Put the jobs of workers that were silent for ``silence`` seconds back into their queue.

    Returns (task, ``todo`` or ``failed``) of each; one that was tried ``retries`` times again has failed.
    """
    values = {"queues": list(queues), "silence": silence, "retries": retries}
    async with database.transaction() as connection:
        return await (await connection.execute(_RESCUE, values)).fetchall()
