"""From files that people write to frozen values of the core, with messages for the people who wrote them."""
