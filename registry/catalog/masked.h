// `***` stands for a secret that is not told: exports and lists show it. Written back, it means
// "as it is".
#pragma once

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

inline constexpr char kMasked[] = "***";

// Takes out hashes of keys and tokens: only gateways get those.
void ClearHashes(portolan::v1::Resource& resource);
// Puts `***` for the values of a program's environment.
void MaskEnvironment(portolan::v1::Resource& resource);
// Puts `***` for whatever a credential keeps secret: nobody is told that, and nobody its sealed form.
void MaskSecrets(portolan::v1::Resource& resource);

// Puts the values of `before` (null: there is none) where the environment of a program says `***`.
// kInvalidArgument naming the field where there is nothing to keep.
base::Result<void> KeepMasked(portolan::v1::Server& server, const portolan::v1::Server* before);

}  // namespace registry
