#include "policy/effective_policy.h"

#include <algorithm>

namespace policy {

namespace v1 = portolan::v1;

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kGlobal: return "global";
    case Scope::kProduct: return "product";
    case Scope::kServer: return "server";
    case Scope::kVirtualServer: return "virtual_server";
    case Scope::kConsumer: return "consumer";
  }
  return "global";
}

Scope ScopeOf(const v1::PolicySet& set) {
  switch (set.attach().scope_case()) {
    case v1::Attachment::kProduct: return Scope::kProduct;
    case v1::Attachment::kServer: return Scope::kServer;
    case v1::Attachment::kVirtualServer: return Scope::kVirtualServer;
    case v1::Attachment::kConsumer: return Scope::kConsumer;
    case v1::Attachment::kGlobal:
    case v1::Attachment::SCOPE_NOT_SET: break;
  }
  return Scope::kGlobal;
}

std::string EffectiveRule::origin() const {
  return std::string(ScopeName(scope)) + "/" + set + "#" + rule.id();
}

EffectivePolicy Combine(std::span<const NamedSet> sets, std::string_view server,
                        std::string_view consumer, std::string_view product) {
  std::vector<NamedSet> chosen;
  for (const NamedSet& named : sets) {
    const v1::Attachment& attach = named.set->attach();
    const bool governs =
        (attach.has_global() && attach.global()) ||
        (attach.has_product() && !product.empty() && attach.product() == product) ||
        (attach.has_server() && attach.server() == server) ||
        (attach.has_consumer() && !consumer.empty() && attach.consumer() == consumer);
    if (governs) chosen.push_back(named);
  }
  std::sort(chosen.begin(), chosen.end(), [](const NamedSet& a, const NamedSet& b) {
    const Scope left = ScopeOf(*a.set), right = ScopeOf(*b.set);
    return left != right ? left < right : a.name < b.name;
  });

  EffectivePolicy effective;
  for (const NamedSet& named : chosen) {
    const v1::PolicySet& set = *named.set;
    if (set.errors() != v1::ErrorStyle::UNSPECIFIED) effective.errors = set.errors();
    if (set.explain()) effective.explain = true;
    for (const v1::Rule& rule : set.rules()) {
      effective.rules.push_back(
          {ScopeOf(set), std::string(named.name), rule, set.mode() == v1::Mode::OBSERVE});
    }
  }
  return effective;
}

}  // namespace policy
