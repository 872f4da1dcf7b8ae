#include "net/fast/onednn.h"

#include <dnnl.h>

/* Of libgomp, which Debian's oneDNN runs on. Its header is not to be had with every compiler. */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int n);

/* oneDNN runs as many threads as OpenMP says; shards have one each. */
void fast_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                  const float *b, bool add, float *c) {
  dnnl_dim_t lda = (dnnl_dim_t)(a_turned ? m : k), ldb = (dnnl_dim_t)(b_turned ? k : n);
  int was = omp_get_max_threads();
  if (was != 1) omp_set_num_threads(1);
  dnnl_sgemm(a_turned ? 'T' : 'N', b_turned ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
             (dnnl_dim_t)k, 1, a, lda, b, ldb, add ? 1 : 0, c, (dnnl_dim_t)n);
  if (was != 1) omp_set_num_threads(was);
}
