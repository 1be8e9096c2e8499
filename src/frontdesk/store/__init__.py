"""The transcript, tickets, audit log and knowledge in PostgreSQL. SQL lives here and nowhere else."""
