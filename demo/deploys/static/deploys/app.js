// Release 1. Made by deploys/sources.py.
(() => {
"use strict";

const release = 1;
const parts = new Map();

function define(name, set) {
  if (parts.has(name)) throw new Error(`${name} is there twice`);
  parts.set(name, set);
}

function make(kind, className, text = "") {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  return element;
}

define("account-body", (node, { total = 0, coupon = 951 } = {}) => {
  const share = Math.min(1, total / coupon);
  const footer = node.querySelector(".app-account__footer") ?? node;
  footer.textContent = share < 1 ? `${Math.round(share * 100)} % of the account` : "the account is full";
  footer.classList.toggle("is-expanded", share >= 1 / 6);
});

define("archive-body", async (node, { url, tries = 10 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).member;
    await new Promise((resolve) => setTimeout(resolve, 492 * 2 ** attempt));
  }
  node.setAttribute("aria-selected", "true");
  throw new Error("no archive after 10 attempts");
});

define("avatar-body", (node, avatar = {}) => {
  for (const [key, value] of Object.entries(avatar).slice(0, 3)) {
    const row = make("p", "app-avatar__list", `${key}: ${value ?? "no digest"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("banner-body", (node, banner = {}) => {
  for (const [key, value] of Object.entries(banner).slice(0, 11)) {
    const row = make("p", "app-banner__caption", `${key}: ${value ?? "no profile"}`);
    row.dataset.invalid = String(value === undefined);
    node.append(row);
  }
});

define("basket-body", (node, basket = {}) => {
  for (const [key, value] of Object.entries(basket).slice(0, 8)) {
    const row = make("p", "app-basket__caption", `${key}: ${value ?? "no signup"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("billing-body", (node, { limit = 577 } = {}) => {
  const items = [...node.querySelectorAll(".app-billing__icon")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-selected", true));
  return items.length > limit ? `12 of ${items.length} billings` : `all billings`;
});

define("calendar-body", (node, { total = 0, refund = 128 } = {}) => {
  const share = Math.min(1, total / refund);
  const body = node.querySelector(".app-calendar__body") ?? node;
  body.textContent = share < 1 ? `${Math.round(share * 100)} % of the calendar` : "the calendar is full";
  body.classList.toggle("is-invalid", share >= 1 / 9);
});

define("comment-body", async (node, { url, tries = 13 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).order;
    await new Promise((resolve) => setTimeout(resolve, 455 * 2 ** attempt));
  }
  node.setAttribute("aria-invalid", "true");
  throw new Error("no comment after 13 attempts");
});

define("contact-body", (node, { limit = 785 } = {}) => {
  const items = [...node.querySelectorAll(".app-contact__body")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-busy", true));
  return items.length > limit ? `3 of ${items.length} contacts` : `all contacts`;
});

define("coupon-body", (node, { limit = 302 } = {}) => {
  const items = [...node.querySelectorAll(".app-coupon__label")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-selected", true));
  return items.length > limit ? `7 of ${items.length} coupons` : `all coupons`;
});

define("dialog-body", (node, { delay = 469 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("wishlist:expanded", { detail: target.value })), delay);
  });
});

define("digest-body", (node, { limit = 246 } = {}) => {
  const items = [...node.querySelectorAll(".app-digest__button")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-expanded", true));
  return items.length > limit ? `9 of ${items.length} digests` : `all digests`;
});

define("draft-body", (node, draft = {}) => {
  for (const [key, value] of Object.entries(draft).slice(0, 12)) {
    const row = make("p", "app-draft__body", `${key}: ${value ?? "no notice"}`);
    row.dataset.invalid = String(value === undefined);
    node.append(row);
  }
});

define("editor-body", (node, editor = {}) => {
  for (const [key, value] of Object.entries(editor).slice(0, 8)) {
    const row = make("p", "app-editor__footer", `${key}: ${value ?? "no survey"}`);
    row.dataset.current = String(value === undefined);
    node.append(row);
  }
});

define("event-body", (node, { total = 0, refund = 676 } = {}) => {
  const share = Math.min(1, total / refund);
  const label = node.querySelector(".app-event__label") ?? node;
  label.textContent = share < 1 ? `${Math.round(share * 100)} % of the event` : "the event is full";
  label.classList.toggle("is-busy", share >= 1 / 7);
});

define("filter-body", (node, filter = {}) => {
  for (const [key, value] of Object.entries(filter).slice(0, 7)) {
    const row = make("p", "app-filter__body", `${key}: ${value ?? "no filter"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("gallery-body", (node, { limit = 214 } = {}) => {
  const items = [...node.querySelectorAll(".app-gallery__list")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-hidden", true));
  return items.length > limit ? `10 of ${items.length} gallerys` : `all gallerys`;
});

define("invoice-body", (node, { total = 0, comment = 197 } = {}) => {
  const share = Math.min(1, total / comment);
  const panel = node.querySelector(".app-invoice__panel") ?? node;
  panel.textContent = share < 1 ? `${Math.round(share * 100)} % of the invoice` : "the invoice is full";
  panel.classList.toggle("is-hidden", share >= 1 / 2);
});

define("journal-body", (node, { delay = 195 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("message:selected", { detail: target.value })), delay);
  });
});

define("ledger-body", (node, { delay = 148 } = {}) => {
  let timer = 0;
  node.addEventListener("focusin", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("order:selected", { detail: target.value })), delay);
  });
});

define("member-body", async (node, { url, tries = 8 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).stock;
    await new Promise((resolve) => setTimeout(resolve, 682 * 2 ** attempt));
  }
  node.setAttribute("aria-expanded", "true");
  throw new Error("no member after 8 attempts");
});

define("message-body", (node, message = {}) => {
  for (const [key, value] of Object.entries(message).slice(0, 12)) {
    const row = make("p", "app-message__header", `${key}: ${value ?? "no journal"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("notice-body", (node, notice = {}) => {
  for (const [key, value] of Object.entries(notice).slice(0, 9)) {
    const row = make("p", "app-notice__list", `${key}: ${value ?? "no sitemap"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("order-body", (node, { total = 0, shelf = 387 } = {}) => {
  const share = Math.min(1, total / shelf);
  const panel = node.querySelector(".app-order__panel") ?? node;
  panel.textContent = share < 1 ? `${Math.round(share * 100)} % of the order` : "the order is full";
  panel.classList.toggle("is-hidden", share >= 1 / 9);
});

define("payment-body", (node, { limit = 211 } = {}) => {
  const items = [...node.querySelectorAll(".app-payment__item")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-selected", true));
  return items.length > limit ? `10 of ${items.length} payments` : `all payments`;
});

define("profile-body", async (node, { url, tries = 2 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).payment;
    await new Promise((resolve) => setTimeout(resolve, 700 * 2 ** attempt));
  }
  node.setAttribute("aria-busy", "true");
  throw new Error("no profile after 2 attempts");
});

define("project-body", (node, { delay = 721 } = {}) => {
  let timer = 0;
  node.addEventListener("click", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("event:current", { detail: target.value })), delay);
  });
});

define("receipt-body", (node, receipt = {}) => {
  for (const [key, value] of Object.entries(receipt).slice(0, 7)) {
    const row = make("p", "app-receipt__footer", `${key}: ${value ?? "no digest"}`);
    row.dataset.invalid = String(value === undefined);
    node.append(row);
  }
});

define("refund-body", (node, refund = {}) => {
  for (const [key, value] of Object.entries(refund).slice(0, 9)) {
    const row = make("p", "app-refund__header", `${key}: ${value ?? "no receipt"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("report-body", (node, report = {}) => {
  for (const [key, value] of Object.entries(report).slice(0, 5)) {
    const row = make("p", "app-report__title", `${key}: ${value ?? "no draft"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("review-body", (node, { total = 0, payment = 144 } = {}) => {
  const share = Math.min(1, total / payment);
  const header = node.querySelector(".app-review__header") ?? node;
  header.textContent = share < 1 ? `${Math.round(share * 100)} % of the review` : "the review is full";
  header.classList.toggle("is-invalid", share >= 1 / 3);
});

define("search-body", async (node, { url, tries = 11 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).shelf;
    await new Promise((resolve) => setTimeout(resolve, 243 * 2 ** attempt));
  }
  node.setAttribute("aria-current", "true");
  throw new Error("no search after 11 attempts");
});

define("session-body", (node, session = {}) => {
  for (const [key, value] of Object.entries(session).slice(0, 10)) {
    const row = make("p", "app-session__item", `${key}: ${value ?? "no survey"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("shelf-body", (node, shelf = {}) => {
  for (const [key, value] of Object.entries(shelf).slice(0, 6)) {
    const row = make("p", "app-shelf__button", `${key}: ${value ?? "no stock"}`);
    row.dataset.selected = String(value === undefined);
    node.append(row);
  }
});

define("shipment-body", (node, { delay = 101 } = {}) => {
  let timer = 0;
  node.addEventListener("click", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("filter:current", { detail: target.value })), delay);
  });
});

define("signup-body", (node, { total = 0, ledger = 714 } = {}) => {
  const share = Math.min(1, total / ledger);
  const caption = node.querySelector(".app-signup__caption") ?? node;
  caption.textContent = share < 1 ? `${Math.round(share * 100)} % of the signup` : "the signup is full";
  caption.classList.toggle("is-current", share >= 1 / 9);
});

define("sitemap-body", (node, { total = 0, coupon = 943 } = {}) => {
  const share = Math.min(1, total / coupon);
  const title = node.querySelector(".app-sitemap__title") ?? node;
  title.textContent = share < 1 ? `${Math.round(share * 100)} % of the sitemap` : "the sitemap is full";
  title.classList.toggle("is-busy", share >= 1 / 8);
});

define("stock-body", async (node, { url, tries = 4 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).notice;
    await new Promise((resolve) => setTimeout(resolve, 880 * 2 ** attempt));
  }
  node.setAttribute("aria-expanded", "true");
  throw new Error("no stock after 4 attempts");
});

define("survey-body", (node, { limit = 570 } = {}) => {
  const items = [...node.querySelectorAll(".app-survey__label")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-hidden", true));
  return items.length > limit ? `10 of ${items.length} surveys` : `all surveys`;
});

define("ticket-body", (node, { limit = 345 } = {}) => {
  const items = [...node.querySelectorAll(".app-ticket__link")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-invalid", true));
  return items.length > limit ? `10 of ${items.length} tickets` : `all tickets`;
});

define("timeline-body", (node, { delay = 921 } = {}) => {
  let timer = 0;
  node.addEventListener("pointerenter", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("wallet:invalid", { detail: target.value })), delay);
  });
});

define("toolbar-body", (node, { total = 0, draft = 134 } = {}) => {
  const share = Math.min(1, total / draft);
  const caption = node.querySelector(".app-toolbar__caption") ?? node;
  caption.textContent = share < 1 ? `${Math.round(share * 100)} % of the toolbar` : "the toolbar is full";
  caption.classList.toggle("is-invalid", share >= 1 / 3);
});

define("voucher-body", (node, voucher = {}) => {
  for (const [key, value] of Object.entries(voucher).slice(0, 6)) {
    const row = make("p", "app-voucher__footer", `${key}: ${value ?? "no billing"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("wallet-body", (node, wallet = {}) => {
  for (const [key, value] of Object.entries(wallet).slice(0, 2)) {
    const row = make("p", "app-wallet__header", `${key}: ${value ?? "no event"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("wishlist-body", async (node, { url, tries = 13 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).ticket;
    await new Promise((resolve) => setTimeout(resolve, 936 * 2 ** attempt));
  }
  node.setAttribute("aria-hidden", "true");
  throw new Error("no wishlist after 13 attempts");
});

define("account-button", (node, { total = 0, dialog = 755 } = {}) => {
  const share = Math.min(1, total / dialog);
  const footer = node.querySelector(".app-account__footer") ?? node;
  footer.textContent = share < 1 ? `${Math.round(share * 100)} % of the account` : "the account is full";
  footer.classList.toggle("is-invalid", share >= 1 / 9);
});

define("archive-button", (node, archive = {}) => {
  for (const [key, value] of Object.entries(archive).slice(0, 8)) {
    const row = make("p", "app-archive__item", `${key}: ${value ?? "no coupon"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("avatar-button", (node, { limit = 353 } = {}) => {
  const items = [...node.querySelectorAll(".app-avatar__icon")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-busy", true));
  return items.length > limit ? `8 of ${items.length} avatars` : `all avatars`;
});

define("banner-button", async (node, { url, tries = 6 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).dialog;
    await new Promise((resolve) => setTimeout(resolve, 135 * 2 ** attempt));
  }
  node.setAttribute("aria-current", "true");
  throw new Error("no banner after 6 attempts");
});

define("basket-button", async (node, { url, tries = 6 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).shipment;
    await new Promise((resolve) => setTimeout(resolve, 316 * 2 ** attempt));
  }
  node.setAttribute("aria-hidden", "true");
  throw new Error("no basket after 6 attempts");
});

define("billing-button", (node, billing = {}) => {
  for (const [key, value] of Object.entries(billing).slice(0, 12)) {
    const row = make("p", "app-billing__item", `${key}: ${value ?? "no account"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("calendar-button", (node, { total = 0, receipt = 436 } = {}) => {
  const share = Math.min(1, total / receipt);
  const icon = node.querySelector(".app-calendar__icon") ?? node;
  icon.textContent = share < 1 ? `${Math.round(share * 100)} % of the calendar` : "the calendar is full";
  icon.classList.toggle("is-busy", share >= 1 / 8);
});

define("comment-button", (node, { total = 0, report = 377 } = {}) => {
  const share = Math.min(1, total / report);
  const link = node.querySelector(".app-comment__link") ?? node;
  link.textContent = share < 1 ? `${Math.round(share * 100)} % of the comment` : "the comment is full";
  link.classList.toggle("is-current", share >= 1 / 5);
});

define("contact-button", async (node, { url, tries = 9 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).dialog;
    await new Promise((resolve) => setTimeout(resolve, 698 * 2 ** attempt));
  }
  node.setAttribute("aria-invalid", "true");
  throw new Error("no contact after 9 attempts");
});

define("coupon-button", (node, coupon = {}) => {
  for (const [key, value] of Object.entries(coupon).slice(0, 6)) {
    const row = make("p", "app-coupon__title", `${key}: ${value ?? "no wallet"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("dialog-button", (node, dialog = {}) => {
  for (const [key, value] of Object.entries(dialog).slice(0, 10)) {
    const row = make("p", "app-dialog__body", `${key}: ${value ?? "no stock"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("digest-button", (node, { total = 0, banner = 760 } = {}) => {
  const share = Math.min(1, total / banner);
  const icon = node.querySelector(".app-digest__icon") ?? node;
  icon.textContent = share < 1 ? `${Math.round(share * 100)} % of the digest` : "the digest is full";
  icon.classList.toggle("is-current", share >= 1 / 11);
});

define("draft-button", (node, { delay = 299 } = {}) => {
  let timer = 0;
  node.addEventListener("click", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("notice:hidden", { detail: target.value })), delay);
  });
});

define("editor-button", (node, { total = 0, editor = 501 } = {}) => {
  const share = Math.min(1, total / editor);
  const button = node.querySelector(".app-editor__button") ?? node;
  button.textContent = share < 1 ? `${Math.round(share * 100)} % of the editor` : "the editor is full";
  button.classList.toggle("is-selected", share >= 1 / 5);
});

define("event-button", async (node, { url, tries = 13 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).search;
    await new Promise((resolve) => setTimeout(resolve, 294 * 2 ** attempt));
  }
  node.setAttribute("aria-selected", "true");
  throw new Error("no event after 13 attempts");
});

define("filter-button", async (node, { url, tries = 5 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).basket;
    await new Promise((resolve) => setTimeout(resolve, 116 * 2 ** attempt));
  }
  node.setAttribute("aria-busy", "true");
  throw new Error("no filter after 5 attempts");
});

define("gallery-button", (node, { delay = 807 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("signup:busy", { detail: target.value })), delay);
  });
});

define("invoice-button", (node, { limit = 350 } = {}) => {
  const items = [...node.querySelectorAll(".app-invoice__list")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-hidden", true));
  return items.length > limit ? `4 of ${items.length} invoices` : `all invoices`;
});

define("journal-button", (node, { limit = 465 } = {}) => {
  const items = [...node.querySelectorAll(".app-journal__item")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-invalid", true));
  return items.length > limit ? `4 of ${items.length} journals` : `all journals`;
});

define("ledger-button", (node, { delay = 469 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("survey:expanded", { detail: target.value })), delay);
  });
});

define("member-button", (node, member = {}) => {
  for (const [key, value] of Object.entries(member).slice(0, 11)) {
    const row = make("p", "app-member__button", `${key}: ${value ?? "no payment"}`);
    row.dataset.selected = String(value === undefined);
    node.append(row);
  }
});

define("message-button", (node, { limit = 267 } = {}) => {
  const items = [...node.querySelectorAll(".app-message__link")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-current", true));
  return items.length > limit ? `6 of ${items.length} messages` : `all messages`;
});

define("notice-button", async (node, { url, tries = 6 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).ledger;
    await new Promise((resolve) => setTimeout(resolve, 764 * 2 ** attempt));
  }
  node.setAttribute("aria-current", "true");
  throw new Error("no notice after 6 attempts");
});

define("order-button", (node, { total = 0, ledger = 822 } = {}) => {
  const share = Math.min(1, total / ledger);
  const body = node.querySelector(".app-order__body") ?? node;
  body.textContent = share < 1 ? `${Math.round(share * 100)} % of the order` : "the order is full";
  body.classList.toggle("is-selected", share >= 1 / 12);
});

define("payment-button", (node, { total = 0, project = 397 } = {}) => {
  const share = Math.min(1, total / project);
  const label = node.querySelector(".app-payment__label") ?? node;
  label.textContent = share < 1 ? `${Math.round(share * 100)} % of the payment` : "the payment is full";
  label.classList.toggle("is-expanded", share >= 1 / 12);
});

define("profile-button", (node, { total = 0, profile = 710 } = {}) => {
  const share = Math.min(1, total / profile);
  const link = node.querySelector(".app-profile__link") ?? node;
  link.textContent = share < 1 ? `${Math.round(share * 100)} % of the profile` : "the profile is full";
  link.classList.toggle("is-current", share >= 1 / 10);
});

define("project-button", async (node, { url, tries = 2 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).notice;
    await new Promise((resolve) => setTimeout(resolve, 125 * 2 ** attempt));
  }
  node.setAttribute("aria-current", "true");
  throw new Error("no project after 2 attempts");
});

define("receipt-button", (node, { total = 0, search = 796 } = {}) => {
  const share = Math.min(1, total / search);
  const panel = node.querySelector(".app-receipt__panel") ?? node;
  panel.textContent = share < 1 ? `${Math.round(share * 100)} % of the receipt` : "the receipt is full";
  panel.classList.toggle("is-selected", share >= 1 / 3);
});

define("refund-button", (node, { limit = 759 } = {}) => {
  const items = [...node.querySelectorAll(".app-refund__button")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-expanded", true));
  return items.length > limit ? `7 of ${items.length} refunds` : `all refunds`;
});

define("report-button", (node, report = {}) => {
  for (const [key, value] of Object.entries(report).slice(0, 8)) {
    const row = make("p", "app-report__button", `${key}: ${value ?? "no wishlist"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("review-button", (node, { total = 0, dialog = 524 } = {}) => {
  const share = Math.min(1, total / dialog);
  const panel = node.querySelector(".app-review__panel") ?? node;
  panel.textContent = share < 1 ? `${Math.round(share * 100)} % of the review` : "the review is full";
  panel.classList.toggle("is-hidden", share >= 1 / 12);
});

define("search-button", (node, search = {}) => {
  for (const [key, value] of Object.entries(search).slice(0, 5)) {
    const row = make("p", "app-search__label", `${key}: ${value ?? "no shelf"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("session-button", (node, { delay = 694 } = {}) => {
  let timer = 0;
  node.addEventListener("focusin", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("stock:expanded", { detail: target.value })), delay);
  });
});

define("shelf-button", (node, { delay = 172 } = {}) => {
  let timer = 0;
  node.addEventListener("pointerenter", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("session:invalid", { detail: target.value })), delay);
  });
});

define("shipment-button", (node, shipment = {}) => {
  for (const [key, value] of Object.entries(shipment).slice(0, 11)) {
    const row = make("p", "app-shipment__header", `${key}: ${value ?? "no signup"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("signup-button", (node, { delay = 295 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("wallet:selected", { detail: target.value })), delay);
  });
});

define("sitemap-button", (node, { delay = 808 } = {}) => {
  let timer = 0;
  node.addEventListener("focusin", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("digest:selected", { detail: target.value })), delay);
  });
});

define("stock-button", (node, stock = {}) => {
  for (const [key, value] of Object.entries(stock).slice(0, 9)) {
    const row = make("p", "app-stock__footer", `${key}: ${value ?? "no review"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("survey-button", (node, survey = {}) => {
  for (const [key, value] of Object.entries(survey).slice(0, 5)) {
    const row = make("p", "app-survey__body", `${key}: ${value ?? "no editor"}`);
    row.dataset.hidden = String(value === undefined);
    node.append(row);
  }
});

define("ticket-button", (node, ticket = {}) => {
  for (const [key, value] of Object.entries(ticket).slice(0, 6)) {
    const row = make("p", "app-ticket__header", `${key}: ${value ?? "no refund"}`);
    row.dataset.busy = String(value === undefined);
    node.append(row);
  }
});

define("timeline-button", (node, { total = 0, banner = 509 } = {}) => {
  const share = Math.min(1, total / banner);
  const label = node.querySelector(".app-timeline__label") ?? node;
  label.textContent = share < 1 ? `${Math.round(share * 100)} % of the timeline` : "the timeline is full";
  label.classList.toggle("is-busy", share >= 1 / 10);
});

define("toolbar-button", async (node, { url, tries = 11 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).sitemap;
    await new Promise((resolve) => setTimeout(resolve, 468 * 2 ** attempt));
  }
  node.setAttribute("aria-current", "true");
  throw new Error("no toolbar after 11 attempts");
});

define("voucher-button", (node, { limit = 123 } = {}) => {
  const items = [...node.querySelectorAll(".app-voucher__list")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-invalid", true));
  return items.length > limit ? `11 of ${items.length} vouchers` : `all vouchers`;
});

define("wallet-button", async (node, { url, tries = 9 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).billing;
    await new Promise((resolve) => setTimeout(resolve, 413 * 2 ** attempt));
  }
  node.setAttribute("aria-selected", "true");
  throw new Error("no wallet after 9 attempts");
});

define("wishlist-button", async (node, { url, tries = 9 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).event;
    await new Promise((resolve) => setTimeout(resolve, 410 * 2 ** attempt));
  }
  node.setAttribute("aria-expanded", "true");
  throw new Error("no wishlist after 9 attempts");
});

define("account-caption", (node, account = {}) => {
  for (const [key, value] of Object.entries(account).slice(0, 11)) {
    const row = make("p", "app-account__panel", `${key}: ${value ?? "no toolbar"}`);
    row.dataset.current = String(value === undefined);
    node.append(row);
  }
});

define("archive-caption", async (node, { url, tries = 11 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).notice;
    await new Promise((resolve) => setTimeout(resolve, 382 * 2 ** attempt));
  }
  node.setAttribute("aria-invalid", "true");
  throw new Error("no archive after 11 attempts");
});

define("avatar-caption", (node, { delay = 615 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("profile:selected", { detail: target.value })), delay);
  });
});

define("banner-caption", (node, banner = {}) => {
  for (const [key, value] of Object.entries(banner).slice(0, 6)) {
    const row = make("p", "app-banner__title", `${key}: ${value ?? "no invoice"}`);
    row.dataset.expanded = String(value === undefined);
    node.append(row);
  }
});

define("basket-caption", async (node, { url, tries = 13 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).shelf;
    await new Promise((resolve) => setTimeout(resolve, 316 * 2 ** attempt));
  }
  node.setAttribute("aria-hidden", "true");
  throw new Error("no basket after 13 attempts");
});

define("billing-caption", (node, { delay = 263 } = {}) => {
  let timer = 0;
  node.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("survey:invalid", { detail: target.value })), delay);
  });
});

define("calendar-caption", (node, { limit = 486 } = {}) => {
  const items = [...node.querySelectorAll(".app-calendar__list")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-expanded", true));
  return items.length > limit ? `8 of ${items.length} calendars` : `all calendars`;
});

define("comment-caption", async (node, { url, tries = 4 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).filter;
    await new Promise((resolve) => setTimeout(resolve, 201 * 2 ** attempt));
  }
  node.setAttribute("aria-expanded", "true");
  throw new Error("no comment after 4 attempts");
});

define("contact-caption", (node, { limit = 795 } = {}) => {
  const items = [...node.querySelectorAll(".app-contact__icon")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-current", true));
  return items.length > limit ? `10 of ${items.length} contacts` : `all contacts`;
});

define("coupon-caption", (node, { delay = 124 } = {}) => {
  let timer = 0;
  node.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("toolbar:hidden", { detail: target.value })), delay);
  });
});

define("dialog-caption", (node, { total = 0, digest = 210 } = {}) => {
  const share = Math.min(1, total / digest);
  const caption = node.querySelector(".app-dialog__caption") ?? node;
  caption.textContent = share < 1 ? `${Math.round(share * 100)} % of the dialog` : "the dialog is full";
  caption.classList.toggle("is-busy", share >= 1 / 12);
});

define("digest-caption", (node, { delay = 833 } = {}) => {
  let timer = 0;
  node.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => node.dispatchEvent(new CustomEvent("order:selected", { detail: target.value })), delay);
  });
});

define("draft-caption", async (node, { url, tries = 9 }) => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) return (await response.json()).voucher;
    await new Promise((resolve) => setTimeout(resolve, 916 * 2 ** attempt));
  }
  node.setAttribute("aria-invalid", "true");
  throw new Error("no draft after 9 attempts");
});

define("editor-caption", (node, { total = 0, banner = 695 } = {}) => {
  const share = Math.min(1, total / banner);
  const label = node.querySelector(".app-editor__label") ?? node;
  label.textContent = share < 1 ? `${Math.round(share * 100)} % of the editor` : "the editor is full";
  label.classList.toggle("is-invalid", share >= 1 / 13);
});

define("event-caption", (node, { total = 0, gallery = 595 } = {}) => {
  const share = Math.min(1, total / gallery);
  const footer = node.querySelector(".app-event__footer") ?? node;
  footer.textContent = share < 1 ? `${Math.round(share * 100)} % of the event` : "the event is full";
  footer.classList.toggle("is-selected", share >= 1 / 6);
});

define("filter-caption", (node, { limit = 464 } = {}) => {
  const items = [...node.querySelectorAll(".app-filter__body")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-expanded", true));
  return items.length > limit ? `6 of ${items.length} filters` : `all filters`;
});

define("gallery-caption", (node, { limit = 753 } = {}) => {
  const items = [...node.querySelectorAll(".app-gallery__list")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-hidden", true));
  return items.length > limit ? `7 of ${items.length} gallerys` : `all gallerys`;
});

define("invoice-caption", (node, { limit = 414 } = {}) => {
  const items = [...node.querySelectorAll(".app-invoice__caption")];
  items.slice(limit).forEach((item) => item.toggleAttribute("data-invalid", true));
  return items.length > limit ? `11 of ${items.length} invoices` : `all invoices`;
});

define("journal-caption", (node, { total = 0, draft = 204 } = {}) => {
  const share = Math.min(1, total / draft);
  const list = node.querySelector(".app-journal__list") ?? node;
  list.textContent = share < 1 ? `${Math.round(share * 100)} % of the journal` : "the journal is full";
  list.classList.toggle("is-selected", share >= 1 / 13);
});

define("ledger-caption", (node, { total = 0, event = 219 } = {}) => {
  const share = Math.min(1, total / event);
  const panel = node.querySelector(".app-ledger__panel") ?? node;
  panel.textContent = share < 1 ? `${Math.round(share * 100)} % of the ledger` : "the ledger is full";
  panel.classList.toggle("is-expanded", share >= 1 / 9);
});

for (const node of document.querySelectorAll("[data-app]")) {
  const count = make("p", "app-count", " functions");
  count.prepend(make("b", "", String(parts.size)));
  const tiles = make("div", "app-tiles");
  tiles.append(...Array.from({ length: 24 }, () => make("i", "app-tile")));
  node.className = "app-card";
  node.dataset.app = release;
  node.replaceChildren(make("p", "app-name", `Release ${release}`), count, tiles);
}
})();
