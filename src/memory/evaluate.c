#include "memory/learn.h"
