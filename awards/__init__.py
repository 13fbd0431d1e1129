"""Who excels, judged fairly: editions, nominations, conflicts, reviewing, results."""
