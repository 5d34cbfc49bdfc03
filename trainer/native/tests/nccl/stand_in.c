/* A library with NCCL's functions and none of its work, for the tests of the binding.
 *
 * It writes down each call with its arguments (`stand_in_log`) and answers as `stand_in_plan` says: a function returns an outcome,
 * and after `polls` questions for asynchronous errors the communicator's state becomes another. The numbers and the layout are
 * those of facts.txt. Built with -DVERSION=… as the release that it pretends to be, and with -DWITHOUT_BROADCAST as a broken one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION 22809
#endif

enum { success = 0, invalid_argument = 4, in_progress = 7 };

typedef struct { char internal[128]; } unique_id;

typedef struct {
  size_t size;
  unsigned magic, version;
  int blocking, cga_cluster_size, min_ctas, max_ctas;
  const char *net_name;
  int split_share, traffic_class;
  const char *comm_name;
  int collnet_enable, cta_policy, shrink_share, nvls_ctas, n_channels_per_net_peer, nvlink_centric_sched;
} configuration;

typedef struct { int world, rank, state, polls, then; } communicator;

static char journal[1 << 16];
static char last_error[256];
static struct { char function[64]; int outcome, polls, then; } plan = {.then = success};

static void note(const char *format, ...) {
  size_t used = strlen(journal);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(journal + used, sizeof journal - used, format, arguments);
  va_end(arguments);
}

/* What the tests ask. */
const char *stand_in_log(void) { return journal; }

void stand_in_clear(void) { journal[0] = 0; }

/* `function` answers `outcome`; after `polls` questions for its state the communicator says `then`, with `words` as last error. */
void stand_in_plan(const char *function, int outcome, int polls, int then, const char *words) {
  snprintf(plan.function, sizeof plan.function, "%s", function);
  plan.outcome = outcome;
  plan.polls = polls;
  plan.then = then;
  snprintf(last_error, sizeof last_error, "%s", words);
}

static int answer(const char *function, communicator *comm) {
  if (strcmp(plan.function, function) != 0) return success;
  if (comm != NULL) {
    comm->state = plan.polls > 0 ? in_progress : plan.then;
    comm->polls = plan.polls;
    comm->then = plan.then;
  }
  return plan.outcome;
}

int ncclGetVersion(int *version) {
  *version = VERSION;
  return answer("ncclGetVersion", NULL);
}

int ncclGetUniqueId(unique_id *id) {
  note("unique-id\n");
  for (int i = 0; i < 128; ++i) id->internal[i] = (char)(i + 1);
  return answer("ncclGetUniqueId", NULL);
}

int ncclCommInitRankConfig(communicator **comm, int world, unique_id id, int rank, configuration *c) {
  int whole = 1;
  for (int i = 0; i < 128; ++i) whole &= id.internal[i] == (char)(i + 1);
  note("init world=%d rank=%d id=%s size=%zu magic=%x version=%u blocking=%d\n", world, rank, whole ? "whole" : "broken",
       c->size, c->magic, c->version, c->blocking);
  const int undefined = -2147483647 - 1;
  const int rest[] = {c->cga_cluster_size, c->min_ctas, c->max_ctas, c->split_share, c->traffic_class, c->collnet_enable,
                      c->cta_policy, c->shrink_share, c->nvls_ctas, c->n_channels_per_net_peer, c->nvlink_centric_sched};
  for (size_t i = 0; i < sizeof rest / sizeof *rest; ++i)
    if (rest[i] != undefined) note("field %zu is defined\n", i);
  if (c->net_name != NULL || c->comm_name != NULL) note("a name is defined\n");
  *comm = calloc(1, sizeof **comm);
  (*comm)->world = world;
  (*comm)->rank = rank;
  return answer("ncclCommInitRankConfig", *comm);
}

int ncclCommFinalize(communicator *comm) {
  note("finalize rank=%d\n", comm->rank);
  return answer("ncclCommFinalize", comm);
}

int ncclCommDestroy(communicator *comm) {
  note("destroy rank=%d\n", comm->rank);
  free(comm);
  return answer("ncclCommDestroy", NULL);
}

int ncclCommAbort(communicator *comm) {
  note("abort rank=%d\n", comm->rank);
  free(comm);
  return success;
}

const char *ncclGetErrorString(int outcome) {
  return outcome == success ? "no error" : outcome == 6 ? "remote process exited or there was a network error" : "some error";
}

const char *ncclGetLastError(communicator *comm) {
  (void)comm;
  return last_error;
}

int ncclCommGetAsyncError(communicator *comm, int *state) {
  if (comm->state == in_progress && comm->polls-- <= 0) comm->state = comm->then;
  *state = comm->state;
  return answer("ncclCommGetAsyncError", NULL);
}

int ncclAllReduce(const void *from, void *to, size_t count, int type, int operation, communicator *comm, void *stream) {
  note("all-reduce from=%p to=%p count=%zu type=%d operation=%d rank=%d stream=%p\n", from, to, count, type, operation,
       comm->rank, stream);
  /* As if all ranks held the same. */
  if (type == 7 && operation == 0)
    for (size_t i = 0; i < count; ++i) ((float *)to)[i] = (float)comm->world * ((const float *)from)[i];
  return answer("ncclAllReduce", comm);
}

#ifndef WITHOUT_BROADCAST
int ncclBroadcast(const void *from, void *to, size_t count, int type, int root, communicator *comm, void *stream) {
  note("broadcast from=%p to=%p count=%zu type=%d root=%d rank=%d stream=%p\n", from, to, count, type, root, comm->rank,
       stream);
  return root < 0 || root >= comm->world ? invalid_argument : answer("ncclBroadcast", comm);
}
#endif
