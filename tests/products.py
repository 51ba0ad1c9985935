"""Pages of our own with the ids, names, labels and classes of WooCommerce and of Drupal: what the starters of journeys look for.

They follow the templates `myaccount/form-login.php`, `single-product/add-to-cart/simple.php` and `cart/cart.php`, the block
of the cart, and Drupal's `UserLoginForm`, `MessageForm` and search page. What surrounds the forms is made to mislead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.servers import http_server

USER, PASSWORD = "checker", "blue heron 17"
PRODUCT = "Rye bread"
_REQUIRED = '&nbsp;<span class="required" aria-hidden="true">*</span><span class="screen-reader-text">Required</span>'
_MENU = '<header><nav><a href="/my-account/">Log in</a> <a href="/user/login">Log in</a></nav></header>'
_LOGIN = f"""
<form class="woocommerce-form woocommerce-form-login login" method="post" novalidate>
<p class="woocommerce-form-row"><label for="username">Username or email address{_REQUIRED}</label>
<input type="text" name="username" id="username" autocomplete="username" required aria-required="true"></p>
<p class="woocommerce-form-row"><label for="password">Password{_REQUIRED}</label>
<span class="password-input"><input type="password" name="password" id="password" required aria-required="true">
<button type="button" class="show-password-input" aria-label="Show password" aria-describedby="password"></button></span></p>
<p class="form-row"><label><input name="rememberme" type="checkbox" id="rememberme" value="forever"> <span>Remember me</span></label>
<button type="submit" class="woocommerce-button button" name="login" value="Log in">Log in</button></p>
<p class="lost_password"><a href="/my-account/lost-password/">Lost your password?</a></p></form>
<form method="post" class="woocommerce-form woocommerce-form-register register">
<label for="reg_username">Username{_REQUIRED}</label><input type="text" name="username" id="reg_username">
<label for="reg_email">Email address{_REQUIRED}</label><input type="email" name="email" id="reg_email">
<button type="submit" name="register" value="Register">Register</button></form>"""
_ACCOUNT = """
<nav class="woocommerce-MyAccount-navigation" aria-label="Account pages"><ul>
<li class="woocommerce-MyAccount-navigation-link woocommerce-MyAccount-navigation-link--customer-logout">
<a href="/my-account/customer-logout/">Log out</a></li></ul></nav>"""
_PRODUCT = f"""
<h1 class="product_title entry-title">{PRODUCT}</h1>
<form class="cart" action="/product/rye/" method="post" enctype="multipart/form-data">
<div class="quantity"><label class="screen-reader-text" for="q">{PRODUCT} quantity</label>
<input type="number" id="q" class="input-text qty text" name="quantity" value="1" min="1"></div>
<button type="submit" name="add-to-cart" value="17" class="single_add_to_cart_button button alt">Add to cart</button></form>
<section class="related products"><a href="?add-to-cart=18" class="button add_to_cart_button ajax_add_to_cart"
 aria-label="Add to cart: &ldquo;Oat bread&rdquo;">Add to cart</a></section>"""
_CART = f"""
<form class="woocommerce-cart-form" action="/cart/" method="post"><table class="shop_table cart woocommerce-cart-form__contents">
<tbody><tr class="woocommerce-cart-form__cart-item cart_item"><td class="product-name" data-title="Product">
<a href="/product/rye/">{PRODUCT}</a></td></tr></tbody></table></form>"""
_CART_BLOCK = f"""
<div data-block-name="woocommerce/cart" class="wp-block-woocommerce-cart alignwide is-loading"></div><script>
setTimeout(() => document.querySelector(".wp-block-woocommerce-cart").innerHTML =
 '<table class="wc-block-cart-items"><tbody><tr class="wc-block-cart-items__row" tabindex="-1"><td class="wc-block-cart-item__product">'
 + '<a class="wc-block-components-product-name" href="/product/rye/">{PRODUCT}</a></td></tr></tbody></table>', 300)</script>"""
_EMPTY = f"""
<div class="wp-block-woocommerce-cart"><h2 class="wc-block-cart__empty-cart__title">Your cart is currently empty!</h2>
<h2>New in store</h2><ul><li>{PRODUCT}</li></ul></div>"""
_CHECKOUT = f"""
<div class="wc-block-components-order-summary"><span class="wc-block-components-product-name">{PRODUCT}</span></div>"""
_DRUPAL_LOGIN = """
<form class="user-login-form" data-drupal-selector="user-login-form" action="/user/login" method="post" id="user-login-form">
<div class="js-form-item form-item"><label for="edit-name" class="form-item__label js-form-required form-required">Username</label>
<input autocorrect="none" autocapitalize="none" type="text" id="edit-name" name="name" size="60" required="required"></div>
<div class="js-form-item form-item"><label for="edit-pass" class="form-item__label js-form-required form-required">Password</label>
<input autocomplete="current-password" type="password" id="edit-pass" name="pass" size="60" required="required"></div>
<input type="hidden" name="form_id" value="user_login_form"><div class="form-actions" id="edit-actions">
<input type="submit" id="edit-submit" name="op" value="Log in" class="button button--primary"></div></form>"""
_DRUPAL_CONTACT = """
<form class="contact-message-feedback-form contact-form" action="/contact" method="post" id="contact-message-feedback-form">
<label for="edit-name" class="form-required">Your name</label><input type="text" id="edit-name" name="name" required>
<label for="edit-mail" class="form-required">Your email address</label><input type="email" id="edit-mail" name="mail" required>
<label for="edit-subject-0-value" class="form-required">Subject</label>
<input type="text" id="edit-subject-0-value" name="subject[0][value]" required>
<label for="edit-message-0-value" class="form-required">Message</label>
<textarea id="edit-message-0-value" name="message[0][value]" rows="12" required></textarea>
<input type="submit" id="edit-submit" name="op" value="Send message"><input type="submit" id="edit-preview" name="op" value="Preview">
</form>"""
_CONTACT_FIELDS = ("name", "mail", "subject[0][value]", "message[0][value]")


class Product:
    """A shop and a Drupal in one; `is_block` for the cart that scripts draw, `is_cart_broken` where nothing gets into it."""

    def __init__(self) -> None:
        self.port = 0
        self.is_block = self.is_cart_broken = False
        self.messages: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class _Handler(BaseHTTPRequestHandler):
    product: Product
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts, cookies = urlsplit(self.path), SimpleCookie(self.headers.get("Cookie", ""))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        is_known, has_goods = "user" in cookies, "goods" in cookies
        found = PRODUCT if asked.get("s", asked.get("keys")) == "rye" else "Nothing found"
        cart = (_CART_BLOCK if self.product.is_block else _CART) if has_goods else _EMPTY
        pages = {
            "/": found if asked else "Home",
            "/shop/": "Shop",
            "/my-account/": _ACCOUNT if is_known else _LOGIN,
            "/product/rye/": _PRODUCT,
            "/cart/": cart,
            "/checkout/": _CHECKOUT if has_goods else None,
            "/user": None,
            "/user/login": _DRUPAL_LOGIN,
            "/people/checker": "Member for 3 weeks",
            "/search/node": f"<ol><li>{found}</li></ol>",
            "/contact": _DRUPAL_CONTACT,
            "/thanks": '<div role="contentinfo" aria-label="Status message">Your message has been sent.</div>',
        }
        elsewhere = {"/checkout/": "/cart/", "/user": "/people/checker" if is_known else "/user/login"}
        body = pages.get(parts.path, "Page not found")
        if body is None:
            self._send("", 302, Location=elsewhere[parts.path])
        else:
            self._send(body, 200 if parts.path in pages else 404)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
        path = urlsplit(self.path).path
        if path == "/product/rye/" and "add-to-cart" in raw:
            broken = self.product.is_cart_broken
            self._send(_PRODUCT, **({} if broken else {"Set-Cookie": "goods=17; Path=/"}))
        elif path == "/my-account/" and "login" in form:
            self._log_in(form.get("username"), form.get("password"), "/my-account/", _LOGIN)
        elif path == "/user/login" and form.get("op") == "Log in":
            self._log_in(form.get("name"), form.get("pass"), "/people/checker", _DRUPAL_LOGIN)
        elif (
            path == "/contact" and form.get("op") == "Send message" and all(form.get(name) for name in _CONTACT_FIELDS)
        ):
            self.product.messages.append(form)
            self._send("", 302, Location="/thanks")
        else:
            self._send("An error has occurred", 400)

    def _log_in(self, user: str | None, password: str | None, onward: str, again: str) -> None:
        if (user, password) == (USER, PASSWORD):
            self._send("", 302, **{"Location": onward, "Set-Cookie": "user=checker; Path=/"})
        else:
            self._send(again)

    def _send(self, body: str, status: int = 200, **headers: str) -> None:
        data = (
            f"<!doctype html><html lang=en><title>Site</title><body>{_MENU}<main>{body}</main></body></html>".encode()
        )
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def serving() -> Iterator[Product]:
    """Serve both on a free port."""
    product = Product()
    with http_server(type("ProductHandler", (_Handler,), {"product": product})) as server:
        product.port = server.server_port
        yield product
