#include "serve/page.h"

#include "serve/page_tables.h"

const page_file *page_find(lan_str path) {
  for (size_t i = 0; i < sizeof PAGE / sizeof *PAGE; i++) {
    if (lan_str_equal(path, lan_str_of(PAGE[i].path))) return &PAGE[i];
  }
  return NULL;
}
