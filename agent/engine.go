package agent

func newEngine(cfg Config) Executor { return nil }
