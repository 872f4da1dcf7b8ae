/* What the host of the WebAssembly module gives it: plugin/src/core/core.ts. */
#ifndef WASM_HOST_H
#define WASM_HOST_H

#include <stddef.h>
#include <stdint.h>

#define WASM_EXPORT(name) __attribute__((export_name(name)))

/* How many bytes the host keeps of the note at a path, as vault/cached.h has them; UINT32_MAX: none. */
uint32_t host_note_size(const char *path, size_t len)
    __attribute__((import_module("host"), import_name("note_size")));
/* Copies the bytes of the note that was asked for last. */
void host_note_copy(char *to) __attribute__((import_module("host"), import_name("note_copy")));

void host_random(void *to, size_t n) __attribute__((import_module("host"), import_name("random")));

/* The wall clock: milliseconds since 1970. */
double host_now(void) __attribute__((import_module("host"), import_name("now")));

#endif
