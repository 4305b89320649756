package vars

// Op is what a Change does to a scope.
type Op string

// The changes, by the methods that make them.
const (
	OpSet   Op = "set"
	OpUnset Op = "unset"
	OpClear Op = "clear"
)

// Change is one change of a scope.
type Change struct {
	Op    Op
	Key   string // not with OpClear
	Value any    // with OpSet
}

// Apply makes a change: the same one made to equal scopes leaves them equal.
func (s *Scope) Apply(c Change) {
	switch c.Op {
	case OpSet:
		s.Set(c.Key, c.Value)
	case OpUnset:
		s.Unset(c.Key)
	case OpClear:
		s.Clear()
	}
}

// Watch has f told of each change from now on, after it was made. There is one
// watcher at a time; nil ends it.
func (s *Scope) Watch(f func(Change)) { s.watcher = f }

// Revision counts the changes made so far.
func (s *Scope) Revision() uint64 { return s.revision }

func (s *Scope) changed(c Change) {
	s.revision++
	if s.watcher != nil {
		s.watcher(c)
	}
}
