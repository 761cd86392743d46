/*
 * The virtual SEV host's shim: preloaded into a real QEMU, into libvirtd, or into the relay itself, it stands in for
 * /dev/sev and for KVM's SEV commands, and hands them to the software AMD-SP over a Unix socket.
 *
 *   cc -shared -fPIC -O2 -o shim.so shim.c -ldl -lpthread        (the relay does this when it first needs it)
 *
 * The socket is amd-sp.sock beside shim.so: programs that start others keep LD_PRELOAD and drop the rest of the
 * environment. What the kernel would check is checked here, by the kernel's own header files: the layout of every
 * structure, permissions, pointers, and the negotiation of lengths. Everything else in QEMU and KVM is real; but guest
 * memory is NOT encrypted, and nothing here protects anything.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* The layouts that the relay writes without this header. */
_Static_assert(sizeof(struct sev_issue_cmd) == 16 && offsetof(struct sev_issue_cmd, data) == 4, "sev_issue_cmd");
_Static_assert(sizeof(struct sev_user_data_status) == 12, "sev_user_data_status");
_Static_assert(sizeof(struct sev_user_data_pek_csr) == 12, "sev_user_data_pek_csr");
_Static_assert(sizeof(struct sev_user_data_pek_cert_import) == 24, "sev_user_data_pek_cert_import");
_Static_assert(sizeof(struct sev_user_data_pdh_cert_export) == 24, "sev_user_data_pdh_cert_export");
_Static_assert(sizeof(struct sev_user_data_get_id2) == 12, "sev_user_data_get_id2");
_Static_assert(SEV_ISSUE_CMD == 0xC0105300 && KVM_MEMORY_ENCRYPT_OP == 0xC008AEBA, "ioctl numbers");

#define DEVICE "/dev/sev"
#define MAX_FDS 65536
#define MAX_VCPUS 512
#define MAX_BLOB 16384 /* SEV_FW_BLOB_MAX_SIZE of the kernel */
#define MAX_PAYLOAD (64u << 20)
#define NO_FIRMWARE_CALL 0xFFFFFFFFu
#define PAGE 4096

/* ---- The software AMD-SP at the other end of a socket ----------------------------------------------------------- */

/* Requests: operation u32, length u32, payload. Answers: errno u32, firmware status u32, length u32, payload. */
enum {
	OP_KVM = 0x100, /* plus KVM's own number; below it, the numbers of /dev/sev */
};

struct answer {
	uint32_t error;
	uint32_t status;
	uint32_t length;
	uint8_t *bytes; /* to be freed */
};

static int (*real_ioctl)(int, unsigned long, ...);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_access)(const char *, int);

__attribute__((constructor)) static void find_real(void)
{
	if (real_close)
		return;
	real_ioctl = dlsym(RTLD_NEXT, "ioctl");
	real_open = dlsym(RTLD_NEXT, "open");
	real_openat = dlsym(RTLD_NEXT, "openat");
	real_access = dlsym(RTLD_NEXT, "access");
	real_close = dlsym(RTLD_NEXT, "close");
}

static int connect_amd_sp(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	Dl_info own;
	char *slash;
	int fd;

	if (!dladdr((void *)connect_amd_sp, &own))
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", own.dli_fname);
	slash = strrchr(address.sun_path, '/');
	if (!slash || slash - address.sun_path + sizeof("/amd-sp.sock") > sizeof(address.sun_path))
		return -1;
	strcpy(slash, "/amd-sp.sock");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		real_close(fd);
		return -1;
	}
	return fd;
}

static int send_all(int fd, const void *bytes, size_t length)
{
	for (const uint8_t *at = bytes; length > 0;) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		at += sent;
		length -= sent;
	}
	return 0;
}

static int receive_all(int fd, void *bytes, size_t length)
{
	for (uint8_t *at = bytes; length > 0;) {
		ssize_t got = recv(fd, at, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		length -= got;
	}
	return 0;
}

static pthread_mutex_t talking = PTHREAD_MUTEX_INITIALIZER;

/* One command of the AMD-SP. Without the AMD-SP it is as without the device's firmware. */
static struct answer ask(int fd, uint32_t operation, const void *payload, uint32_t length)
{
	struct answer answer = { .error = ENODEV, .status = NO_FIRMWARE_CALL };
	uint32_t head[3] = { operation, length };

	pthread_mutex_lock(&talking);
	if (send_all(fd, head, 8) == 0 && send_all(fd, payload, length) == 0 && receive_all(fd, head, 12) == 0 &&
	    head[2] <= MAX_PAYLOAD && (answer.bytes = malloc(head[2] + 1)) && receive_all(fd, answer.bytes, head[2]) == 0) {
		answer.error = head[0];
		answer.status = head[1];
		answer.length = head[2];
	}
	pthread_mutex_unlock(&talking);
	return answer;
}

/* ---- The caller's memory, as a kernel reaches it: a bad pointer is EFAULT, not a crash -------------------------- */

static int from_user(void *to, uint64_t address, size_t length)
{
	struct iovec local = { to, length }, remote = { (void *)(uintptr_t)address, length };
	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length ? 0 : EFAULT;
}

static int to_user(uint64_t address, const void *from, size_t length)
{
	struct iovec local = { (void *)from, length }, remote = { (void *)(uintptr_t)address, length };
	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length ? 0 : EFAULT;
}

/* ---- Which file descriptors are ours ---------------------------------------------------------------------------- */

struct vm {
	int socket; /* -1 before INIT */
	int es;
	int vcpus;
	int vcpu_fds[MAX_VCPUS];
};

enum kind { OTHER, SEV_DEVICE, VM };

static struct {
	enum kind kind;
	int writable;
	struct vm *vm;
} fds[MAX_FDS];

static int is(int fd, enum kind kind)
{
	return fd >= 0 && fd < MAX_FDS && fds[fd].kind == kind;
}

static int open_device(int flags)
{
	int fd;

	find_real();
	fd = connect_amd_sp();
	if (fd < 0 || fd >= MAX_FDS) {
		errno = ENOENT;
		return -1;
	}
	if (!(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	fds[fd].kind = SEV_DEVICE;
	fds[fd].writable = (flags & O_ACCMODE) != O_RDONLY;
	return fd;
}

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
	int name(const char *path, int flags, ...)                                                                     \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		mode_t mode;                                                                                           \
		va_start(arguments, flags);                                                                            \
		mode = mode_of(flags, arguments);                                                                      \
		va_end(arguments);                                                                                     \
		if (strcmp(path, DEVICE) == 0)                                                                 \
			return open_device(flags);                                                                     \
		find_real();                                                                                           \
		return real_open(path, flags, mode);                                                                   \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
	int name(int folder, const char *path, int flags, ...)                                                         \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		mode_t mode;                                                                                           \
		va_start(arguments, flags);                                                                            \
		mode = mode_of(flags, arguments);                                                                      \
		va_end(arguments);                                                                                     \
		if (strcmp(path, DEVICE) == 0)                                                                 \
			return open_device(flags);                                                                     \
		find_real();                                                                                           \
		return real_openat(folder, path, flags, mode);                                                         \
	}
OPENAT(openat)
OPENAT(openat64)

/* What a fortified program calls instead of open() where it gives no mode. */
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open(path, flags);
}

int access(const char *path, int mode)
{
	find_real();
	return strcmp(path, DEVICE) == 0 ? 0 : real_access(path, mode);
}

int close(int fd)
{
	find_real();
	if (is(fd, VM)) {
		if (fds[fd].vm->socket >= 0)
			real_close(fds[fd].vm->socket);
		free(fds[fd].vm);
	}
	if (fd >= 0 && fd < MAX_FDS)
		fds[fd].kind = OTHER;
	return real_close(fd);
}

/* ---- /dev/sev, as drivers/crypto/ccp/sev-dev.c answers it ------------------------------------------------------- */

static struct answer failed(int error)
{
	return (struct answer){ .error = error, .status = NO_FIRMWARE_CALL };
}

/* Takes the answer's state; a status other than success is EIO, as in the kernel. */
static int done(struct answer *answer, uint32_t *status)
{
	*status = answer->status;
	free(answer->bytes);
	answer->bytes = NULL;
	return answer->error ? (int)answer->error : answer->status ? EIO : 0;
}

static int device_state(int fd)
{
	struct answer answer = ask(fd, SEV_PLATFORM_STATUS, NULL, 0);
	int state = answer.length == 10 ? answer.bytes[2] : 0;
	free(answer.bytes);
	return state;
}

static int platform_status(int fd, uint64_t address, uint32_t *status)
{
	struct answer answer = ask(fd, SEV_PLATFORM_STATUS, NULL, 0);
	struct sev_user_data_status out = { 0 };
	int error;

	if (answer.length == 10) {
		out.api_major = answer.bytes[0];
		out.api_minor = answer.bytes[1];
		out.state = answer.bytes[2];
		out.flags = answer.bytes[3] | (answer.bytes[4] ? SEV_STATUS_FLAGS_CONFIG_ES : 0);
		out.build = answer.bytes[5];
		memcpy(&out.guest_count, answer.bytes + 6, 4);
	}
	error = done(&answer, status);
	return error ? error : to_user(address, &out, sizeof(out));
}

/* A command without an answer's body that changes the platform. */
static int plain_command(int fd, uint32_t command, uint32_t *status)
{
	struct answer answer;

	if (!fds[fd].writable)
		return EPERM;
	answer = ask(fd, command, NULL, 0);
	return done(&answer, status);
}

/* An answer for one buffer: without a buffer, or with too short a one, the needed length. GET_ID2 and PEK_CSR. */
static int one_buffer(int fd, uint32_t command, uint64_t data, uint32_t *status)
{
	struct sev_user_data_get_id2 span; /* the same layout as sev_user_data_pek_csr */
	struct answer answer;
	uint32_t given;
	int error = from_user(&span, data, sizeof(span));

	if (error)
		return error;
	if (span.length > MAX_BLOB)
		return EFAULT;
	given = span.address ? span.length : 0;
	answer = ask(fd, command, NULL, 0);
	if (!answer.error && !answer.status) {
		span.length = answer.length;
		if (given < answer.length)
			answer.status = SEV_RET_INVALID_LEN;
		else if (to_user(span.address, answer.bytes, answer.length))
			answer.error = EFAULT;
		if (to_user(data, &span, sizeof(span)))
			answer.error = EFAULT;
	}
	return done(&answer, status);
}

static int pdh_cert_export(int fd, uint64_t data, uint32_t *status)
{
	const uint32_t pdh_length = 2084;
	struct sev_user_data_pdh_cert_export spans;
	struct answer answer;
	int error = from_user(&spans, data, sizeof(spans)), given;

	if (error)
		return error;
	if (device_state(fd) != 1 && !fds[fd].writable)
		return EPERM;
	if (spans.pdh_cert_len > MAX_BLOB || spans.cert_chain_len > MAX_BLOB)
		return EFAULT;
	given = spans.pdh_cert_address && spans.pdh_cert_len && spans.cert_chain_address;
	answer = ask(fd, SEV_PDH_CERT_EXPORT, NULL, 0);
	if (!answer.error && !answer.status && answer.length > pdh_length) {
		uint32_t chain_length = answer.length - pdh_length;
		if (!given || spans.pdh_cert_len < pdh_length || spans.cert_chain_len < chain_length)
			answer.status = SEV_RET_INVALID_LEN;
		else if (to_user(spans.pdh_cert_address, answer.bytes, pdh_length) ||
			 to_user(spans.cert_chain_address, answer.bytes + pdh_length, chain_length))
			answer.error = EFAULT;
		spans.pdh_cert_len = pdh_length;
		spans.cert_chain_len = chain_length;
		if (to_user(data, &spans, sizeof(spans)))
			answer.error = EFAULT;
	}
	return done(&answer, status);
}

static int pek_cert_import(int fd, uint64_t data, uint32_t *status)
{
	struct sev_user_data_pek_cert_import spans;
	struct answer answer;
	uint8_t *payload;
	int error = from_user(&spans, data, sizeof(spans));

	if (!fds[fd].writable)
		return EPERM;
	if (error)
		return error;
	if (!spans.pek_cert_address || !spans.oca_cert_address || !spans.pek_cert_len || !spans.oca_cert_len ||
	    spans.pek_cert_len > MAX_BLOB || spans.oca_cert_len > MAX_BLOB)
		return EINVAL;
	if (!(payload = malloc(4 + 2 * MAX_BLOB)))
		return ENOMEM;
	memcpy(payload, &spans.pek_cert_len, 4);
	error = from_user(payload + 4, spans.pek_cert_address, spans.pek_cert_len);
	error = error ? error : from_user(payload + 4 + spans.pek_cert_len, spans.oca_cert_address, spans.oca_cert_len);
	answer = error ? failed(error)
		       : ask(fd, SEV_PEK_CERT_IMPORT, payload, 4 + spans.pek_cert_len + spans.oca_cert_len);
	free(payload);
	return done(&answer, status);
}

/* The deprecated form: both sockets' ids in a buffer of a fixed size. */
static int get_id(int fd, uint64_t address, uint32_t *status)
{
	struct answer answer = ask(fd, SEV_GET_ID2, NULL, 0);
	struct sev_user_data_get_id out = { 0 };
	int error;

	memcpy(&out, answer.bytes ? answer.bytes : (uint8_t *)"", answer.length > sizeof(out) ? 0 : answer.length);
	error = done(&answer, status);
	return error ? error : to_user(address, &out, sizeof(out));
}

static int device_command(int fd, uint32_t command, uint64_t data, uint32_t *status)
{
	switch (command) {
	case SEV_PLATFORM_STATUS:
		return platform_status(fd, data, status);
	case SEV_FACTORY_RESET:
	case SEV_PEK_GEN:
	case SEV_PDH_GEN:
		return plain_command(fd, command, status);
	case SEV_PEK_CSR:
		return fds[fd].writable ? one_buffer(fd, command, data, status) : EPERM;
	case SEV_PDH_CERT_EXPORT:
		return pdh_cert_export(fd, data, status);
	case SEV_PEK_CERT_IMPORT:
		return pek_cert_import(fd, data, status);
	case SEV_GET_ID:
		return get_id(fd, data, status);
	case SEV_GET_ID2:
		return one_buffer(fd, command, data, status);
	default:
		return EINVAL;
	}
}

static int device_ioctl(int fd, uint32_t request, void *argument)
{
	struct sev_issue_cmd command;
	uint32_t status = NO_FIRMWARE_CALL;
	int error;

	if (request != (uint32_t)SEV_ISSUE_CMD)
		return EINVAL;
	error = from_user(&command, (uintptr_t)argument, sizeof(command));
	if (error)
		return error;
	error = device_command(fd, command.cmd, command.data, &status);
	command.error = status;
	return to_user((uintptr_t)argument, &command, sizeof(command)) ? EFAULT : error;
}

/* ---- KVM's SEV commands, as arch/x86/kvm/svm/sev.c answers them ------------------------------------------------- */

static void put_u16(uint8_t *at, uint16_t value) { memcpy(at, &value, 2); }
static void put_u32(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }
static void put_u64(uint8_t *at, uint64_t value) { memcpy(at, &value, 8); }

/* A segment as svm_set_segment() stores it. */
static void put_segment(uint8_t *at, const struct kvm_segment *segment, uint8_t busy)
{
	put_u16(at, segment->selector);
	put_u16(at + 2, (segment->type | busy) | segment->s << 4 | segment->dpl << 5 |
				(segment->present && !segment->unusable) << 7 | segment->avl << 8 | segment->l << 9 |
				segment->db << 10 | segment->g << 11);
	put_u32(at + 4, segment->limit);
	put_u64(at + 8, segment->base);
}

/*
 * The VMSA page of a virtual CPU, made from the registers that QEMU has given to KVM, with what KVM adds for SVM:
 * EFER.SVME, CR4.MCE, and CR0 without CD and NW. Offsets as in struct sev_es_save_area.
 */
static int vmsa_page(int vcpu, uint8_t *page)
{
	struct kvm_sregs s;
	struct kvm_regs r;
	struct kvm_debugregs d;
	struct kvm_xcrs x;
	struct {
		struct kvm_msrs header;
		struct kvm_msr_entry pat;
	} msrs = { .header.nmsrs = 1, .pat.index = 0x277 };

	memset(page, 0, PAGE);
	if (real_ioctl(vcpu, KVM_GET_SREGS, &s) || real_ioctl(vcpu, KVM_GET_REGS, &r) ||
	    real_ioctl(vcpu, KVM_GET_DEBUGREGS, &d) || real_ioctl(vcpu, KVM_GET_XCRS, &x) ||
	    real_ioctl(vcpu, KVM_GET_MSRS, &msrs) != 1)
		return EIO;
	put_segment(page + 0x000, &s.es, 0);
	put_segment(page + 0x010, &s.cs, 0);
	put_segment(page + 0x020, &s.ss, 0);
	put_segment(page + 0x030, &s.ds, 0);
	put_segment(page + 0x040, &s.fs, 0);
	put_segment(page + 0x050, &s.gs, 0);
	put_u32(page + 0x064, s.gdt.limit);
	put_u64(page + 0x068, s.gdt.base);
	put_segment(page + 0x070, &s.ldt, 0);
	put_u32(page + 0x084, s.idt.limit);
	put_u64(page + 0x088, s.idt.base);
	put_segment(page + 0x090, &s.tr, 2);
	put_u64(page + 0x0d0, s.efer | 0x1000);
	put_u64(page + 0x148, s.cr4 | 0x40);
	put_u64(page + 0x150, s.cr3);
	put_u64(page + 0x158, s.cr0 & ~0x60000000ull);
	put_u64(page + 0x160, d.dr7);
	put_u64(page + 0x168, d.dr6);
	put_u64(page + 0x170, r.rflags);
	put_u64(page + 0x178, r.rip);
	put_u64(page + 0x1d8, r.rsp);
	put_u64(page + 0x1f8, r.rax);
	put_u64(page + 0x268, msrs.pat.data);
	put_u64(page + 0x308, r.rcx);
	put_u64(page + 0x310, r.rdx);
	put_u64(page + 0x318, r.rbx);
	put_u64(page + 0x328, r.rbp);
	put_u64(page + 0x330, r.rsi);
	put_u64(page + 0x338, r.rdi);
	for (uint32_t i = 0; i < x.nr_xcrs; i++)
		if (x.xcrs[i].xcr == 0)
			put_u64(page + 0x3e8, x.xcrs[i].value);
	return 0;
}

static int kvm_init(struct vm *vm, int es, uint32_t *status)
{
	struct answer answer;

	if (vm->socket >= 0)
		return EINVAL;
	vm->socket = connect_amd_sp();
	if (vm->socket < 0)
		return ENODEV;
	vm->es = es;
	answer = ask(vm->socket, OP_KVM + KVM_SEV_INIT, NULL, 0);
	return done(&answer, status);
}

static int kvm_launch_start(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct kvm_sev_launch_start start;
	struct answer answer;
	uint8_t *payload;
	int error = from_user(&start, data, sizeof(start));

	if (error)
		return error;
	if (start.dh_len > MAX_BLOB || start.session_len > MAX_BLOB)
		return EINVAL;
	if (!(payload = malloc(12 + 2 * MAX_BLOB)))
		return ENOMEM;
	put_u32(payload, start.policy);
	put_u32(payload + 4, start.handle);
	put_u32(payload + 8, start.dh_uaddr ? start.dh_len : 0);
	if (start.dh_uaddr)
		error = from_user(payload + 12, start.dh_uaddr, start.dh_len);
	else
		start.dh_len = 0;
	if (!error && start.session_uaddr)
		error = from_user(payload + 12 + start.dh_len, start.session_uaddr, start.session_len);
	else if (!start.session_uaddr)
		start.session_len = 0;
	answer = error ? failed(error)
		       : ask(vm->socket, OP_KVM + KVM_SEV_LAUNCH_START, payload,
			     12 + start.dh_len + start.session_len);
	free(payload);
	if (!answer.error && !answer.status && answer.length == 4) {
		memcpy(&start.handle, answer.bytes, 4);
		if (to_user(data, &start, sizeof(start)))
			answer.error = EFAULT;
	}
	return done(&answer, status);
}

static int kvm_update_data(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct kvm_sev_launch_update_data span;
	struct answer answer;
	uint8_t *payload;
	int error = from_user(&span, data, sizeof(span));

	if (error || span.len > MAX_PAYLOAD || !(payload = malloc(span.len + 1)))
		return error ? error : ENOMEM;
	error = from_user(payload, span.uaddr, span.len);
	answer = error ? failed(error) : ask(vm->socket, OP_KVM + KVM_SEV_LAUNCH_UPDATE_DATA, payload, span.len);
	free(payload);
	return done(&answer, status);
}

static int kvm_update_vmsa(struct vm *vm, uint32_t *status)
{
	uint8_t page[PAGE];
	int error = vm->es ? 0 : ENOTTY;

	for (int i = 0; !error && i < vm->vcpus; i++) {
		error = vmsa_page(vm->vcpu_fds[i], page);
		if (!error) {
			struct answer answer = ask(vm->socket, OP_KVM + KVM_SEV_LAUNCH_UPDATE_VMSA, page, PAGE);
			error = done(&answer, status);
		}
	}
	return error;
}

/*
 * An answer of a fixed length for the caller's buffer: without one, or with too short a one, the needed length.
 * LAUNCH_MEASURE and GET_ATTESTATION_REPORT; whoever calls writes the length back into the structure.
 */
static struct answer fixed_answer(struct vm *vm, uint32_t id, const void *payload, uint32_t given, uint64_t buffer,
				  uint32_t *length, uint32_t needed)
{
	struct answer answer;

	if (buffer && *length > MAX_BLOB)
		return failed(EINVAL);
	if (!buffer || *length < needed) {
		answer = (struct answer){ .status = SEV_RET_INVALID_LEN };
	} else {
		answer = ask(vm->socket, OP_KVM + id, payload, given);
		if (!answer.error && !answer.status &&
		    (answer.length != needed || to_user(buffer, answer.bytes, needed)))
			answer.error = EFAULT;
	}
	*length = needed;
	return answer;
}

static int kvm_measure(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct kvm_sev_launch_measure span;
	struct answer answer;
	int error = from_user(&span, data, sizeof(span));

	if (error)
		return error;
	answer = fixed_answer(vm, KVM_SEV_LAUNCH_MEASURE, NULL, 0, span.uaddr, &span.len, 48);
	if (to_user(data, &span, sizeof(span)))
		answer.error = EFAULT;
	return done(&answer, status);
}

static int kvm_secret(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct kvm_sev_launch_secret secret;
	struct answer answer;
	uint8_t *payload;
	int error = from_user(&secret, data, sizeof(secret));

	if (error)
		return error;
	if (secret.hdr_len > MAX_BLOB || secret.trans_len > MAX_BLOB || secret.guest_len > MAX_BLOB)
		return EINVAL;
	if (!(payload = malloc(8 + 2 * MAX_BLOB)))
		return ENOMEM;
	put_u32(payload, secret.guest_len);
	put_u32(payload + 4, secret.hdr_len);
	error = from_user(payload + 8, secret.hdr_uaddr, secret.hdr_len);
	error = error ? error : from_user(payload + 8 + secret.hdr_len, secret.trans_uaddr, secret.trans_len);
	answer = error ? failed(error)
		       : ask(vm->socket, OP_KVM + KVM_SEV_LAUNCH_SECRET, payload,
			     8 + secret.hdr_len + secret.trans_len);
	free(payload);
	/* This is the guest's own memory: here the secret arrives. */
	if (!answer.error && !answer.status && answer.length <= secret.guest_len &&
	    to_user(secret.guest_uaddr, answer.bytes, answer.length))
		answer.error = EFAULT;
	return done(&answer, status);
}

static int kvm_guest_status(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct answer answer = ask(vm->socket, OP_KVM + KVM_SEV_GUEST_STATUS, NULL, 0);

	if (!answer.error && !answer.status &&
	    (answer.length != sizeof(struct kvm_sev_guest_status) || to_user(data, answer.bytes, answer.length)))
		answer.error = EFAULT;
	return done(&answer, status);
}

static int kvm_report(struct vm *vm, uint64_t data, uint32_t *status)
{
	struct kvm_sev_attestation_report span;
	struct answer answer;
	int error = from_user(&span, data, sizeof(span));

	if (error)
		return error;
	answer = fixed_answer(vm, KVM_SEV_GET_ATTESTATION_REPORT, span.mnonce, sizeof(span.mnonce), span.uaddr,
			      &span.len, 208);
	if (to_user(data, &span, sizeof(span)))
		answer.error = EFAULT;
	return done(&answer, status);
}

static int kvm_command(struct vm *vm, uint32_t id, uint64_t data, uint32_t *status)
{
	struct answer answer;

	if (id == KVM_SEV_INIT || id == KVM_SEV_ES_INIT)
		return kvm_init(vm, id == KVM_SEV_ES_INIT, status);
	if (vm->socket < 0)
		return ENOTTY;
	switch (id) {
	case KVM_SEV_LAUNCH_START:
		return kvm_launch_start(vm, data, status);
	case KVM_SEV_LAUNCH_UPDATE_DATA:
		return kvm_update_data(vm, data, status);
	case KVM_SEV_LAUNCH_UPDATE_VMSA:
		return kvm_update_vmsa(vm, status);
	case KVM_SEV_LAUNCH_MEASURE:
		return kvm_measure(vm, data, status);
	case KVM_SEV_LAUNCH_SECRET:
		return kvm_secret(vm, data, status);
	case KVM_SEV_LAUNCH_FINISH:
		answer = ask(vm->socket, OP_KVM + KVM_SEV_LAUNCH_FINISH, NULL, 0);
		return done(&answer, status);
	case KVM_SEV_GUEST_STATUS:
		return kvm_guest_status(vm, data, status);
	case KVM_SEV_GET_ATTESTATION_REPORT:
		return kvm_report(vm, data, status);
	default:
		return EINVAL;
	}
}

static int kvm_encrypt_op(struct vm *vm, void *argument)
{
	struct kvm_sev_cmd command;
	uint32_t status = 0;
	int error;

	if (!argument)
		return 0; /* the question whether KVM has SEV */
	if (from_user(&command, (uintptr_t)argument, sizeof(command)))
		return EFAULT;
	if (!is(command.sev_fd, SEV_DEVICE))
		return EBADF;
	error = kvm_command(vm, command.id, command.data, &status);
	command.error = status;
	return to_user((uintptr_t)argument, &command, sizeof(command)) ? EFAULT : error;
}

/* ---- ioctl ------------------------------------------------------------------------------------------------------ */

static void remember_vm(int fd)
{
	if (fd < 0 || fd >= MAX_FDS || !(fds[fd].vm = calloc(1, sizeof(struct vm))))
		return;
	fds[fd].vm->socket = -1;
	fds[fd].kind = VM;
}

static void remember_vcpu(struct vm *vm, int fd)
{
	if (fd >= 0 && vm->vcpus < MAX_VCPUS)
		vm->vcpu_fds[vm->vcpus++] = fd;
}

static int answer_with(int error)
{
	if (!error)
		return 0;
	errno = error;
	return -1;
}

/* QEMU sign-extends the request's number: only its lower 32 bits count. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;
	int result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	find_real();
	if (is(fd, SEV_DEVICE))
		return answer_with(device_ioctl(fd, (uint32_t)request, argument));
	switch ((uint32_t)request) {
	case KVM_CREATE_VM:
		result = real_ioctl(fd, request, argument);
		remember_vm(result);
		return result;
	case KVM_CREATE_VCPU:
		result = real_ioctl(fd, request, argument);
		if (is(fd, VM))
			remember_vcpu(fds[fd].vm, result);
		return result;
	case (uint32_t)KVM_MEMORY_ENCRYPT_OP:
		if (is(fd, VM))
			return answer_with(kvm_encrypt_op(fds[fd].vm, argument));
		break;
	case (uint32_t)KVM_MEMORY_ENCRYPT_REG_REGION:
	case (uint32_t)KVM_MEMORY_ENCRYPT_UNREG_REGION:
		if (is(fd, VM))
			return 0;
		break;
	}
	return real_ioctl(fd, request, argument);
}
