package pdf

func (c *content) forms() error { return nil }
