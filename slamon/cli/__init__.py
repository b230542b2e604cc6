"""What people call: thin commands; each imports what it needs when it runs, so that help answers at once."""
