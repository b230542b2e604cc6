def measure(f,l): raise SystemExit
