"""The retail shop of tau-bench behind a Frontdesk desk: ``python -m evals.tau_retail``. See README.md here.

Source of the data: sierra-research/tau-bench and tau2-bench, MIT. Nothing of it is in this repository; the variable
DATA_DIR names the folder that holds ``tau-retail``.
"""
