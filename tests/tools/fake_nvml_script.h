/* tools/fake_nvml_script.h: what the stand-in for NVIDIA's library answers, out of a file that a test may change meanwhile.
 *
 * The file is named by FAKE_NVML_SCRIPT and read again when it has changed; without it there are eight cards with the values of
 * fake_nvml.c. Replace it by a rename. One line each, of words; '#' starts a comment. A later line wins over an earlier one.
 *
 *   count 8                     how many cards there are
 *   driver 570.124.06           versions of the driver and of CUDA (12080 is 12.8)
 *   cuda 12080
 *   init error 18               nvmlInit fails; so does any call of no card: "nvmlDeviceGetCount error 999"
 *   card 2 power 300000         a value of card 2, by the names in fake_nvml.c; "card * power ..." of all cards
 *   card 2 energy 100+5         a value that grows by 5 each time it is asked for
 *   card 2 power none           not supported
 *   card 2 field.197 u32:7+1    a field, here as a 32 bit number; of one link: field.202.3; also i32: i64: f64: u16: ulong:
 *   card 2 lost                 every call with its handle fails with 15, as long as this line is there
 *   card 2 lost-until-init      the same, and on until nvmlInit is called again
 *   card 2 nvmlDeviceGetPowerUsage error 999
 *   card 2 nvmlDeviceGetPowerUsage sleep 5000   it takes so many ms
 *   card 2 xid 79               an event; once for each different number
 *   card 2 compute 100:512 200:unknown   processes and their MiB; also graphics, mps
 *   card 2 util 100:50@-200000  samples of utilization: percent, and the time in us, negative ones before now
 *   card 2 mig 1g.10gb 7 10240 2048 MIG-aa   an instance: profile, GPU instance, MiB in all and used, uuid; several lines
 *   card 2 mig0.compute 300:64  values of its first instance
 */
#ifndef TACHO_TESTS_FAKE_NVML_SCRIPT_H
#define TACHO_TESTS_FAKE_NVML_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

enum { FAKE_TEXT = 1024, FAKE_NO_CARD = -1 };

void fake_refresh(void); /* all calls may come from any thread */
/* The words behind `key`; false without such a line. */
bool fake_text(int card, const char *key, char out[FAKE_TEXT]);
/* The `which`th line of that key from the top; false behind the last. */
bool fake_line(int card, const char *key, unsigned which, char out[FAKE_TEXT]);
/* The number behind `key`, or `otherwise`. False when the line says "none". `type` (may be NULL): enum nvml_value_type. */
bool fake_number(int card, const char *key, uint64_t otherwise, uint64_t *ret, unsigned *type);

#endif
