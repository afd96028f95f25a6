/* The clock of a process, later by SHIFTED_CLOCK_SECONDS: preloaded into the runs of the benchmark
   `nightly`. libfaketime does the same and more, but it parses its settings at each call, DuckDB
   asks for the time very often, and time.sleep failed under it in a process that Dagster starts.

   Deadlines of waits are instants of the same clock, so they are brought back to the true one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define LONG_AGO 1000000000 /* 2001: what lies before it is counted from the machine's start */

static time_t shift;
static int (*true_gettime)(clockid_t, struct timespec *);
static int (*true_timeofday)(struct timeval *, void *);
static int (*true_sem_wait)(sem_t *, const struct timespec *);
static int (*true_cond_wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*true_lock)(pthread_mutex_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *seconds = getenv("SHIFTED_CLOCK_SECONDS");
    shift = seconds ? atol(seconds) : 0;
    true_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    true_timeofday = dlsym(RTLD_NEXT, "gettimeofday");
    true_sem_wait = dlsym(RTLD_NEXT, "sem_timedwait");
    true_cond_wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    true_lock = dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
}

static struct timespec back(const struct timespec *deadline)
{
    struct timespec t = *deadline;
    if (t.tv_sec > LONG_AGO)
        t.tv_sec -= shift;
    return t;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (!true_gettime)
        begin();
    int failed = true_gettime(clock, t);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        t->tv_sec += shift;
    return failed;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    if (!true_timeofday)
        begin();
    int failed = true_timeofday(t, zone);
    if (!failed)
        t->tv_sec += shift;
    return failed;
}

time_t time(time_t *result)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    if (result)
        *result = t.tv_sec;
    return t.tv_sec;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    struct timespec t = back(deadline);
    return true_sem_wait(semaphore, &t);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    struct timespec t = back(deadline);
    return true_cond_wait(condition, mutex, &t);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline)
{
    struct timespec t = back(deadline);
    return true_lock(mutex, &t);
}
