#pragma once
#include <archive.h>
#include <archive_entry.h>
/* archive_set_error is variadic, which Swift cannot call. */
static inline void carchive_set_error(struct archive *_Nonnull a, int number, const char *_Nonnull message) {
  archive_set_error(a, number, "%s", message);
}
/* AE_IFREG is a macro with a cast, which Swift does not import. */
enum carchive_type : unsigned { carchive_regular_file = AE_IFREG };
