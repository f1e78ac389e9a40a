"""Prints the path where the test driver keeps a Chromium of its own, whether or not one is there."""

from playwright.sync_api import sync_playwright

if __name__ == "__main__":
    with sync_playwright() as driver:
        print(driver.chromium.executable_path)  # the output is the result
