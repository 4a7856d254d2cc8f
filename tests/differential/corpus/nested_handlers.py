def f(kind):
    try:
        try:
            raise kind("deep")
        except ValueError:
            print("inner value")
            raise TypeError("from handler")
        finally:
            print("inner finally")
    except (TypeError, KeyError) as e:
        print("outer", e)
    except Exception:
        print("any")
    else:
        print("never")
for kind in (ValueError, KeyError, IndexError, TypeError):
    f(kind)
