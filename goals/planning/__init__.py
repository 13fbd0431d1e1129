"""From goals to plans, money, approval and follow-through: verbs in plain functions."""
