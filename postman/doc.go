// Package postman reads Postman's files: collections (v2.1 and v2.0),
// environments, globals and data files. It is as lenient as Postman itself about
// odd types, and bounded in depth and size.
//
// Packages below it run what was read: run executes a collection and tells what
// happens as a stream of events, report writes that stream down. None of them
// knows anything about Picket.
//
// The reference is the Postman Collection Format (https://schema.postman.com, v1.0.0
// to v2.1.0) and, for what it leaves open, the npm packages postman-collection 4.4
// and postman-collection-transformer 4.1.
package postman
