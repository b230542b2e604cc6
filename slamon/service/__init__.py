"""What joins the rooms: the clock, the judging of readings, people's entries, statements, the daemon."""
