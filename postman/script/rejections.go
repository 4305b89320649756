package script

import (
	"errors"
	"reflect"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libquickjs"
	"modernc.org/quickjs"
)

// The engine can tell of promises that are rejected with nobody to hear it, but
// package quickjs doesn't pass that on. So the hook is set below it, in the
// runtime that the VM keeps to itself. Nothing else in this package looks inside.

// rejectionEntry is the function of the pm layer that hears of a rejection:
// (promise, reason, handled).
const rejectionEntry = "__rejection"

var errEngineChanged = errors.New("this version of the script engine keeps its runtime elsewhere")

// trackRejections makes the VM tell the pm layer of rejections that nobody
// handles, and of those that somebody handles after all.
func trackRejections(vm *quickjs.VM) error {
	state := reflect.ValueOf(vm).Elem().FieldByName("runtime")
	if state.Kind() != reflect.Pointer || state.IsNil() {
		return errEngineChanged
	}
	rt, tls := state.Elem().FieldByName("cRuntime"), state.Elem().FieldByName("tls")
	if rt.Kind() != reflect.Uintptr || tls.Type() != reflect.TypeFor[*libc.TLS]() {
		return errEngineChanged
	}
	libquickjs.XJS_SetHostPromiseRejectionTracker((*libc.TLS)(tls.UnsafePointer()), uintptr(rt.Uint()), cFunction(onRejection), 0)
	return nil
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
