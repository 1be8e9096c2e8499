"""The retail tasks of tau-bench as whole conversations with a Frontdesk desk: ``python -m evals.tau_bench``. See README.md.

Source of tasks, policy and records: sierra-research/tau-bench and tau2-bench, MIT. Nothing of it is in this repository;
the variable DATA_DIR names the folder that holds ``tau-retail``.
"""
