#pragma once
#include <xxhash.h>
#if defined(__x86_64__)
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#endif

/* XXH3-128. On x86-64 the library's plain entry point is built for the oldest processors and several times slower on wide
   rows than the one that looks which instructions there are; up to 240 bytes no such instructions are used, and the plain
   one is quicker. */
static inline XXH128_hash_t cxxhash_xxh3_128(const void *_Nullable bytes, size_t count) {
#if defined(__x86_64__)
    if (count > 240) return XXH3_128bits_dispatch(bytes, count);
#endif
    return XXH3_128bits(bytes, count);
}
