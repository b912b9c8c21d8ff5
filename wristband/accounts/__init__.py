"""Guardians and officers: who may sign in and what each may do."""
