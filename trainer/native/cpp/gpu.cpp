#include "gpu.h"

#include <dlfcn.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <c10/core/impl/VirtualGuardImpl.h>

#include "gpu_sources.h"
#include "guard.h"

namespace seedbed::gpu {
namespace {

// The parts of cuda.h and nvrtc.h that are used: both interfaces are stable.
using Status = int;
using Handle = void*;
constexpr int kMajor = 75, kMinor = 76, kMultiprocessors = 16;

struct Driver {
  Status (*init)(unsigned);
  Status (*device_count)(int*);
  Status (*device)(int*, int);
  Status (*name)(char*, int, int);
  Status (*memory)(size_t*, int);
  Status (*attribute)(int*, int, int);
  Status (*retain)(Handle*, int);
  Status (*push)(Handle);
  Status (*pop)(Handle*);
  Status (*load)(Handle*, const void*);
  Status (*function)(Handle*, Handle, const char*);
  Status (*launch)(
      Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void**, void**);
  Status (*words)(Status, const char**);
};

struct Compiler {
  Status (*create)(Handle*, const char*, const char*, int, const char* const*, const char* const*);
  Status (*compile)(Handle, int, const char* const*);
  Status (*code_size)(Handle, size_t*);
  Status (*code)(Handle, char*);
  Status (*log_size)(Handle, size_t*);
  Status (*log)(Handle, char*);
  Status (*destroy)(Handle*);
};

template <typename Function>
void look_up(Handle library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  TORCH_CHECK(function != nullptr, "there is no function ", name);
}

Driver find_driver() {
  const Handle library = dlopen("libcuda.so.1", RTLD_NOW);
  TORCH_CHECK(library != nullptr, dlerror());
  Driver found{};
  look_up(library, "cuInit", found.init);
  look_up(library, "cuDeviceGetCount", found.device_count);
  look_up(library, "cuDeviceGet", found.device);
  look_up(library, "cuDeviceGetName", found.name);
  look_up(library, "cuDeviceTotalMem_v2", found.memory);
  look_up(library, "cuDeviceGetAttribute", found.attribute);
  look_up(library, "cuDevicePrimaryCtxRetain", found.retain);
  look_up(library, "cuCtxPushCurrent_v2", found.push);
  look_up(library, "cuCtxPopCurrent_v2", found.pop);
  look_up(library, "cuModuleLoadData", found.load);
  look_up(library, "cuModuleGetFunction", found.function);
  look_up(library, "cuLaunchKernel", found.launch);
  look_up(library, "cuGetErrorString", found.words);
  return found;
}

// The compiler looks for `builtins`, a library beside it, by name alone: it must be there already.
Compiler find_compiler(const char* path, const char* builtins) {
  if (builtins != nullptr) dlopen(builtins, RTLD_NOW | RTLD_GLOBAL);
  const Handle library = dlopen(path, RTLD_NOW);
  TORCH_CHECK(library != nullptr, dlerror());
  Compiler found{};
  look_up(library, "nvrtcCreateProgram", found.create);
  look_up(library, "nvrtcCompileProgram", found.compile);
  look_up(library, "nvrtcGetCUBINSize", found.code_size);
  look_up(library, "nvrtcGetCUBIN", found.code);
  look_up(library, "nvrtcGetProgramLogSize", found.log_size);
  look_up(library, "nvrtcGetProgramLog", found.log);
  look_up(library, "nvrtcDestroyProgram", found.destroy);
  return found;
}

// Machine code of all kernels for devices of this compute capability, as 90 for 9.0.
std::vector<char> compile(const Compiler& compiler, int capability) {
  std::string text;
  for (const char* source : kGpuSources) text += source;
  Handle program = nullptr;
  Status status = compiler.create(&program, text.c_str(), "seedbed.cu", 0, nullptr, nullptr);
  TORCH_CHECK(status == 0, "the CUDA compiler takes no program: ", status);
  const std::string architecture = "--gpu-architecture=sm_" + std::to_string(capability);
  const char* const options[] = {architecture.c_str(), "--std=c++17"};
  status = compiler.compile(program, 2, options);
  size_t size = 0;
  if (status != 0) {
    compiler.log_size(program, &size);
    std::string log(size, ' ');
    compiler.log(program, log.data());
    compiler.destroy(&program);
    for (char& letter : log)
      if (letter == '\n' || letter == '\0') letter = ' ';
    TORCH_CHECK(false, "the kernels do not compile for ", architecture, ": ", log);
  }
  compiler.code_size(program, &size);
  std::vector<char> code(size);
  compiler.code(program, code.data());
  compiler.destroy(&program);
  return code;
}

struct Device {
  int index = 0;
  int capability = 0;
  int multiprocessors = 0;
  Handle context = nullptr;
  Handle module = nullptr;
  std::map<std::string, Handle> kernels;
};

// Everything after `open`; a process computes on one device alone.
struct State {
  Driver driver{};
  Device device;
  std::mutex mutex;
};

// Written once, by `open`, and never freed.
std::atomic<State*> opened{nullptr};

// The state that there must be.
State& ready() {
  State* const state = opened;
  TORCH_CHECK(state != nullptr, "the kernels have not been compiled");
  return *state;
}

void check(const Driver& driver, Status status, const char* what) {
  if (status == 0) return;
  const char* words = nullptr;
  driver.words(status, &words);
  TORCH_CHECK(false, what, ": ", words == nullptr ? "unknown error" : words, " (", status, ")");
}

// The device's context, current on this thread while this lives.
class Current {
 public:
  explicit Current(const State& state) : driver_(state.driver) {
    check(driver_, driver_.push(state.device.context), "no context");
  }
  ~Current() {
    Handle left = nullptr;
    driver_.pop(&left);
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  const Driver& driver_;
};

void open(int index, const char* compiler, const char* builtins) {
  // Two that open at once would otherwise compile twice, and one leave the other a state that is not its own.
  static std::mutex alone;
  const std::lock_guard<std::mutex> lock(alone);
  if (const State* const state = opened; state != nullptr) {
    TORCH_CHECK(state->device.index == index, "the kernels are those of GPU ", state->device.index, ", not of ", index);
    return;
  }
  auto fresh = std::make_unique<State>();
  fresh->driver = find_driver();
  const Driver& driver = fresh->driver;
  int device = 0;
  check(driver, driver.init(0), "the driver does not start");
  check(driver, driver.device(&device, index), "there is no such GPU");
  fresh->device.index = index;
  int major = 0, minor = 0;
  check(driver, driver.attribute(&major, kMajor, device), "no compute capability");
  check(driver, driver.attribute(&minor, kMinor, device), "no compute capability");
  check(driver, driver.attribute(&fresh->device.multiprocessors, kMultiprocessors, device), "no multiprocessors");
  fresh->device.capability = 10 * major + minor;
  // What rounds to bfloat16 came with this capability.
  TORCH_CHECK(major >= 8, "a GPU of compute capability ", major, ".", minor, " does not multiply bfloat16");
  const std::vector<char> code = compile(find_compiler(compiler, builtins), fresh->device.capability);
  check(driver, driver.retain(&fresh->device.context, device), "no context");
  const Current current(*fresh);
  check(driver, driver.load(&fresh->device.module, code.data()), "the kernels do not load");
  opened = fresh.release();
}

Handle find(State& at, const char* kernel) {
  const std::lock_guard<std::mutex> lock(at.mutex);
  Handle& found = at.device.kernels[kernel];
  if (found == nullptr) check(at.driver, at.driver.function(&found, at.device.module, kernel), kernel);
  return found;
}

}  // namespace

bool is_ready() { return opened != nullptr; }

int64_t multiprocessors() { return ready().device.multiprocessors; }

void launch(const char* kernel, const at::Tensor& on, Shape shape, void** arguments) {
  State& state = ready();
  TORCH_CHECK(
      on.is_cuda() && on.get_device() == state.device.index, "a tensor on ", on.device(), " is not on GPU ",
      state.device.index);
  const Current current(state);
  const c10::Stream stream = c10::impl::VirtualGuardImpl(at::kCUDA).getStream(on.device());
  // The stream that is there without asking has number 0, and no handle.
  const Handle handle = stream.id() == 0 ? nullptr : stream.native_handle();
  const auto count = [](int64_t value) { return static_cast<unsigned>(value); };
  check(
      state.driver,
      state.driver.launch(
          find(state, kernel), count(shape.blocks), 1, 1, count(shape.threads), 1, 1, count(shape.bytes), handle,
          arguments, nullptr),
      kernel);
}

}  // namespace seedbed::gpu

extern "C" char* seedbed_gpu_open(int index, const char* compiler, const char* builtins) {
  return seedbed::guarded([&] { seedbed::gpu::open(index, compiler, builtins); });
}

extern "C" bool seedbed_gpu_is_ready() { return seedbed::gpu::is_ready(); }

// Compiles for a device that need not be there.
extern "C" char* seedbed_gpu_compile(const char* compiler, const char* builtins, int capability, int64_t* bytes) {
  return seedbed::guarded([&] {
    using namespace seedbed::gpu;
    *bytes = static_cast<int64_t>(compile(find_compiler(compiler, builtins), capability).size());
  });
}

extern "C" char* seedbed_gpu_describe(
    int index, char* name, int length, int64_t* bytes, int* capability) {
  return seedbed::guarded([&] {
    using namespace seedbed::gpu;
    const Driver driver = find_driver();
    int device = 0, major = 0, minor = 0;
    size_t memory = 0;
    check(driver, driver.init(0), "the driver does not start");
    check(driver, driver.device(&device, index), "there is no such GPU");
    check(driver, driver.name(name, length, device), "no name");
    check(driver, driver.memory(&memory, device), "no memory");
    check(driver, driver.attribute(&major, kMajor, device), "no compute capability");
    check(driver, driver.attribute(&minor, kMinor, device), "no compute capability");
    *bytes = static_cast<int64_t>(memory);
    *capability = 10 * major + minor;
  });
}
