// What most files of the shim include of libtorch. The build script has it compiled once, and has each file begin with it: most of
// the time goes into reading these. A file includes what it needs all the same.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
