/* collect/sensors/hwmon.h: the sensor chips that the kernel's hwmon drivers know, by name and not by number, on kept handles. */
#ifndef TACHO_COLLECT_SENSORS_HWMON_H
#define TACHO_COLLECT_SENSORS_HWMON_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "collect/sensors/names.h"

enum {
    HWMON_CHIPS_MAX = 128,
    HWMON_SENSORS_MAX = 256,      /* whose files are kept open, of all chips */
    HWMON_CHIP_SENSORS_MAX = 512, /* that are looked at in one chip; processors of many cores have as many */
    HWMON_TEXT_MAX = 64,          /* bytes of a name or label; the rest is cut off */
};

struct hwmon_sensor {
    enum sensor_kind kind;
    unsigned channel;
    struct text label;  /* "Composite"; "temp1" where the driver has none for it */
    int fd, fault_fd;   /* fault_fd: -1 where the driver does not watch the sensor */
    double max;         /* of fans, rpm; or NAN */
    double value;       /* newest, in the unit of its kind; NAN when unknown */
    bool faulty;        /* the driver says that the sensor is broken */
};

struct hwmon_chip {
    struct text name;    /* "nvme" */
    struct text key;     /* names one of several: "nvme nvme0"; stays the same across boots */
    uint64_t socket_id;  /* of a processor's chip that has a device of its own in each socket; or U64_UNKNOWN */
    struct hwmon_sensor *sensors; /* by kind and channel */
    size_t n;
    int64_t due_mono_ns; /* not read before: it is slow */
    bool supply;         /* a power supply, once it has told a mains voltage */
};

/* Zero-initialise but for what the caller sets; end with hwmon_done. One owner thread; everything may block. */
struct hwmon {
    int sys_fd;          /* set by the caller: root of sysfs, borrowed */
    enum chip_side side; /* set by the caller: whose chips */
    struct hwmon_chip chips[HWMON_CHIPS_MAX]; /* by key */
    size_t n, n_sensors;
    struct arena arena;
    uint64_t seen;       /* a hash of which chips there are */
    int64_t look_mono_ns; /* when to look for chips again */
};

/* Looks for chips now and then (at the first time, when one is gone, every HWMON_LOOK_NS) and reads those that are due: all of
 * them at each call, but for slow ones, which take no more than a hundredth of the time. */
void hwmon_read(struct hwmon *h, int64_t mono_ns);
void hwmon_done(struct hwmon *h);

#define HWMON_LOOK_NS (INT64_C(60) * 1000000000)
#define HWMON_GONE_NS (INT64_C(5) * 1000000000) /* the same after a chip was gone */
#define HWMON_SLOW_NS (INT64_C(20) * 1000000) /* a chip that takes longer is slow */
#define HWMON_DISK_NS (INT64_C(30) * 1000000000) /* disks are asked no more often: it keeps some from falling asleep */

#endif
