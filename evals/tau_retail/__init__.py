"""A retail shop nobody here made up (sierra-research/tau-bench, MIT): its policy as declarations, its calls as proof.

``python -m evals.tau_retail`` pushes the gold calls of its 114 tasks, the calls of recorded conversations that earned
their reward, and mutations that the policy forbids through Frontdesk. DATA_DIR names the folder of the data.
"""
