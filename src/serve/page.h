/* The page's files, which are part of the program: made from web/ while building. */
#ifndef SERVE_PAGE_H
#define SERVE_PAGE_H

#include <stddef.h>

#include "base/str.h"

typedef struct page_file {
  const char *path; /* as in a request: "/", "/app.js" */
  const char *type; /* Content-Type */
  const unsigned char *bytes;
  size_t n;
} page_file;

/* NULL: there is no such file. */
const page_file *page_find(lan_str path);

#endif
