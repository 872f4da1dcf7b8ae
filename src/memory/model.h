/* The network that scores: from the features of a candidate to one number, the more the better.
 *
 *     score(x) = linear . x + sum over h of out_h (relu(z_h + bias_h) - relu(bias_h)),  z_h = hidden_h . x
 *
 * A candidate without any feature scores 0. Which part each feature has in the score is exact: going from no
 * feature to x along a straight line, feature f brings x_f times the mean of the gradient on the way
 * (integrated gradients; Sundararajan, Taly and Yan 2017, eq. 1), which for one hidden layer is
 *
 *     part_f = x_f (linear_f + sum over h of out_h hidden_hf (relu(z_h + bias_h) - relu(bias_h)) / z_h)
 *
 * and the parts add up to the score. */
#ifndef MEMORY_MODEL_H
#define MEMORY_MODEL_H

#include "base/str.h"
#include "lantoa/status.h"
#include "memory/question.h"
#include "memory/score.h"

enum { MODEL_HIDDEN = 16 };

typedef struct model_net {
  float linear[FEATURES];
  float hidden[FEATURES][MODEL_HIDDEN]; /* by feature, so that all nodes take one at a time */
  float bias[MODEL_HIDDEN];
  float out[MODEL_HIDDEN];
  flow_weights flow; /* which bring FEATURE_FLOW_1 and the next; of a note as the cue only */
} model_net;

/* For a note as the cue, for labels of a picture, and for questions. */
struct score_model {
  model_net note, words;
  question_weights question;
};

float model_score(const model_net *net, const float features[FEATURES]);
void model_parts(const model_net *net, const float features[FEATURES], float parts[FEATURES]);

/* What comes with the program: learnt on many vaults. */
lan_status model_shipped(score_model *model, lan_error *err);

/* A safetensors file that names its features: those that it does not know count 0, those that are
 * no more are passed over. A file that knows nothing of questions leaves model->question as it is; one that knows
 * nothing of learnt conductances gets those of flow_start. */
lan_status model_decode(lan_str bytes, const char *shown, score_model *model, lan_error *err);
lan_status model_encode(const score_model *model, lan_buf *out, lan_error *err);

#endif
