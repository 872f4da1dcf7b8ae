/* Which fast kernels are linked in, in the order in which they are asked. */
#include "net/fast/fast.h"

const net_provider *const net_providers[] = {
#if NET_FAST
    &fast_provider,
#endif
    NULL};
