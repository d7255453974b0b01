#include "registry/service/call_governance.h"

#include <vector>

#include "registry/catalog/catalog.h"

namespace registry {
namespace {

constexpr int kPage = 1000;

base::Result<std::vector<v1::Resource>> AllOf(const Catalog& catalog, const std::string& kind,
                                              const std::string& owner = {}) {
  std::vector<v1::Resource> all;
  v1::ListRequest request;
  request.set_kind(kind);
  request.set_owner(owner);
  request.set_page_size(kPage);
  do {
    auto page = catalog.List(request);
    if (page.has_error()) return page.error();
    for (v1::Resource& resource : *page->mutable_resources()) all.push_back(std::move(resource));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace

base::Result<CallGovernance> CallGovernance::Read(const Catalog& catalog, const Of& of) {
  const auto products = AllOf(catalog, "Product");
  if (products.has_error()) return products.error();
  auto entitlements = std::make_unique<policy::Entitlements>();
  bool known = of.product.empty();
  for (const v1::Resource& product : *products) {
    entitlements->Add(product.name(), product.product());
    known = known || product.name() == of.product;
  }
  if (!known)
    return base::Fail(base::Code::kNotFound, "no Product '" + of.product.substr(0, 200) + "'");
  const std::string principal = of.consumer.empty() ? "anonymous" : "consumer/" + of.consumer;
  const auto held = AllOf(catalog, "Subscription", principal);
  if (held.has_error()) return held.error();
  for (const v1::Resource& one : *held) entitlements->Add(one.name(), one.subscription());

  CallGovernance governance;
  governance.entitlement =
      entitlements->Of(of.server, {.principal = principal, .product = of.product}, of.now_ms);
  governance.entitlements = std::move(entitlements);

  const auto resources = AllOf(catalog, "PolicySet");
  if (resources.has_error()) return resources.error();
  std::vector<policy::NamedSet> sets;
  for (const v1::Resource& resource : *resources)
    sets.push_back({resource.name(), &resource.policy_set()});
  const std::string_view product =
      of.product.empty() ? governance.entitlement.product : std::string_view(of.product);
  governance.policy = policy::Combine(sets, of.server, of.consumer, product);
  return governance;
}

}  // namespace registry
