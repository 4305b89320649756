package script

import (
	"errors"
	"reflect"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libquickjs"
	"modernc.org/quickjs"
)

// Some things that the engine can do are not in package quickjs. They are done
// below it, on the runtime that the VM keeps to itself; nothing else in this
// package looks inside. A version of quickjs that keeps it elsewhere is noticed
// when the first Sandbox is made.

// rejectionEntry is the function of the pm layer that hears of a rejection:
// (promise, reason, handled).
const rejectionEntry = "__rejection"

var errEngineChanged = errors.New("this version of the script engine keeps its runtime elsewhere")

func runtimeOf(vm *quickjs.VM) (*libc.TLS, uintptr, error) {
	state := reflect.ValueOf(vm).Elem().FieldByName("runtime")
	if state.Kind() != reflect.Pointer || state.IsNil() {
		return nil, 0, errEngineChanged
	}
	rt, tls := state.Elem().FieldByName("cRuntime"), state.Elem().FieldByName("tls")
	if rt.Kind() != reflect.Uintptr || tls.Kind() != reflect.Pointer || tls.Type() != reflect.TypeFor[*libc.TLS]() {
		return nil, 0, errEngineChanged
	}
	return (*libc.TLS)(tls.UnsafePointer()), uintptr(rt.Uint()), nil
}

// stripBytecode makes the VM leave sources and line numbers out of what it
// compiles: bytecode is read into each sandbox, and they are half of it.
func stripBytecode(vm *quickjs.VM) error {
	tls, rt, err := runtimeOf(vm)
	if err == nil {
		libquickjs.XJS_SetStripInfo(tls, rt, libquickjs.MJS_STRIP_SOURCE|libquickjs.MJS_STRIP_DEBUG)
	}
	return err
}

// heap is how many bytes of the VM's heap are in use.
func heap(vm *quickjs.VM) (uintptr, error) {
	_, rt, err := runtimeOf(vm)
	if err != nil {
		return 0, err
	}
	state := *(**libquickjs.TJSRuntime)(unsafe.Pointer(&rt)) //nolint:gosec // the engine's own structure, read while it is at rest
	return uintptr(state.Fmalloc_ctx.Fmalloc_state.Fmalloc_size), nil
}

// trackRejections makes the VM tell the pm layer of promises that are rejected
// with nobody to hear it, and of those that somebody handles after all.
func trackRejections(vm *quickjs.VM) error {
	tls, rt, err := runtimeOf(vm)
	if err == nil {
		libquickjs.XJS_SetHostPromiseRejectionTracker(tls, rt, cFunction(onRejection), 0)
	}
	return err
}

// cFunction is a function as the translated C calls it.
func cFunction(f any) uintptr {
	type header [2]uintptr
	return (*header)(unsafe.Pointer(&f))[1] //nolint:gosec // the second word of an interface is the function's address; modernc.org/quickjs does the same
}

// onRejection is a JSHostPromiseRejectionTracker. The values are the caller's:
// nothing is kept.
func onRejection(tls *libc.TLS, ctx uintptr, promise, reason libquickjs.TJSValue, handled int32, _ uintptr) {
	name, err := libc.CString(rejectionEntry)
	if err != nil {
		return
	}
	defer libc.Xfree(tls, name)
	const argc = 3
	argv := libc.Xcalloc(tls, argc, libc.Tsize_t(unsafe.Sizeof(promise)))
	if argv == 0 {
		return
	}
	defer libc.Xfree(tls, argv)
	global := libquickjs.XJS_GetGlobalObject(tls, ctx)
	entry := libquickjs.XJS_GetPropertyStr(tls, ctx, global, name)
	if libquickjs.XJS_IsFunction(tls, ctx, entry) != 0 {
		args := unsafe.Slice(*(**libquickjs.TJSValue)(unsafe.Pointer(&argv)), argc) //nolint:gosec // memory of the C heap, just allocated
		args[0], args[1], args[2] = promise, reason, libquickjs.XNewInt32(tls, ctx, handled)
		// It throws only when a limit is hit, which the script will hit, too.
		libquickjs.XFreeValue(tls, ctx, libquickjs.XJS_Call(tls, ctx, entry, global, argc, argv))
	}
	libquickjs.XFreeValue(tls, ctx, entry)
	libquickjs.XFreeValue(tls, ctx, global)
}
